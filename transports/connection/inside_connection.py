"""The connection between two processes of one node, as an actor: no network, no rules, and an end of its own.

Of the two walls that a `Link` leads through this is the second one: what is behind it is trusted as code of this very
program is, and is this node. So nothing is limited but by credit, nothing is compressed, and a process that says
nothing is not gone: it has a handler that holds its loop, and a bound for that.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import msgspec

from ...actors.base import StreamBroken
from ...actors.engine import handles
from ...actors.messages import ActorStarted, ActorTerminated, Rate, ShutdownStarted
from ...actors.router import LinkChanged, LinkUp
from ..receiving import InsideReceiveSide
from ..sending import OWN, InsideLink
from ..wire import ChannelInfo, Codecs, GoAway, SenderFrame
from .commands import CloseChannel, ConnectionEnded, OpenChannel
from .connection import PeerConnection
from .greeting import Greeted
from .liveness import FixedPatience
from .shared import SharedByConnections

__all__ = ["InsideConnection", "plain_channel"]

#: Seconds between two heartbeats: what was taken is confirmed with each, so no send is in doubt for longer.
BEAT = 1.0
#: Seconds for which the end of a stream waits for word of how the process ended.
WORD_WITHIN = 0.25


class InsideConnection(PeerConnection):
    """See the module. `patience`: seconds of silence after which the process is given up, inf for never.

    `keep(link)` is called when it ends, before what was accepted fails: it may return a link that takes its place.
    Its giver runs the node's own side: actors over there are told of as actors of the node, from `enter` on, when
    they have started and the link is in the table.
    """

    #: The actors over there that were told of.
    _told: frozenset[str] = frozenset()
    #: It is in the table.
    _entered = False

    def __init__(
        self,
        greeted: Greeted,
        codecs: Codecs,
        on_ended: Callable[[ConnectionEnded], None],
        *,
        shared: SharedByConnections,
        order: int = 0,
        announce: tuple[object, ...] = (),
        patience: float = inf,
        keep: Callable[[InsideLink], InsideLink | None] | None = None,
    ) -> None:
        heartbeat = min(BEAT, patience / 4)
        super().__init__(
            greeted,
            codecs,
            on_ended,
            announce=announce,
            order=order,
            heartbeat=heartbeat,
            shared=shared,
            detector=FixedPatience(patience),
        )
        assert isinstance(self.link, InsideLink)
        assert isinstance(self._receive, InsideReceiveSide)
        self.silence = f"its process has said nothing for {patience:g} s: a handler held its loop, or it was stopped"
        #: The way to the other process.
        self.way: InsideLink = self.link
        self._keep = keep
        self._announcements.announced = plain_channel
        self._reader.take({SenderFrame: self._receive.introduced})

    @handles(ShutdownStarted)
    def _shutdown_started(self, _: ShutdownStarted) -> None:
        """The actors of the node go on sending to each other until all of them rest, whichever process runs them."""

    def _enter(self) -> None:
        if self._keep is None:
            self._entered = True
            super()._enter()

    def enter(self) -> None:
        """What runs there has started: it can be sent to from now on."""
        self._entered = True
        self.bus.tell_router(LinkUp(self.link, self._news(), self._order))

    def _changed(self) -> None:
        if self._entered:
            self.bus.tell_router(LinkChanged(self.link, announce=() if self._keep is None else self._news()))

    def _news(self) -> tuple[object, ...]:
        names = frozenset(name for name in self.link.reactors if not name.startswith(OWN))
        started: list[object] = [ActorStarted(name) for name in sorted(names - self._told)]
        ended = [ActorTerminated(name, "stopped") for name in sorted(self._told - names)]
        self._told = names
        return (*started, *ended)

    def announce(self, info: ChannelInfo) -> None:
        """A reactor runs here: the other process hears of it before all that is sent from now on."""
        self._announcements.open(OpenChannel(plain_channel(info)))

    def received(self, name: str) -> tuple[int, int]:
        """Messages that have come for that reactor here, and how many of them are tells."""
        for lane in self._receive.lanes:
            if lane.open and lane.info.name == name:
                return lane.window.received, lane.tells
        return 0, 0

    def withdraw(self, name: str) -> None:
        """It has stopped."""
        self._announcements.close(CloseChannel(name, "stopped"))

    def process_ended(self, text: str) -> None:
        """The process has ended, and this is how: so those hear who wait for it."""
        self._cut("worker_ended", text)

    def _over(self, error: BaseException | None) -> None:
        if (error is None or isinstance(error, StreamBroken)) and self._keep is not None:
            text = "the process has closed its end" if error is None else str(error)
            self._loop.call_later(WORD_WITHIN, self._cut, "worker_ended", text, context=self._context)
        else:
            super()._over(error)

    def _told_to_go(self, frame: GoAway) -> None:
        if self._entered:  # it ends by itself, and takes no new work: what waits, and what comes, is for the next one
            self.hand_over()
        super()._told_to_go(frame)

    def _end(self, reason: str, text: str = "", *, fault: bool = False) -> None:
        if not self._leave_taking.ended and self._entered:
            self.hand_over()
        super()._end(reason, text, fault=fault)

    def hand_over(self) -> None:
        """What is sent from now on goes by the link that takes the place of this one, if there is to be one. Once."""
        keep, self._keep = self._keep, None
        successor = None if keep is None else keep(self.way)
        if successor is not None:
            successor.take_over(self.way)
            self.bus.tell_router(LinkUp(successor, order=self._order))


def plain_channel(info: ChannelInfo, _own: Rate | None = None) -> ChannelInfo:
    """A channel as another process of this node is told of it."""
    return msgspec.structs.replace(info, compress="") if info.compress else info
