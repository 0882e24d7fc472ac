"""What both sides of a connection tell each other while it is up: reactors that start and stop, roles, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ...actors.base import get_logger, printable
from ...actors.messages import Rate
from ..lanes import Outbox, Writer
from ..wire import (
    INSIDE_CHANNELS,
    MAX_CHANNELS,
    REFUSALS,
    WORD_LIMIT,
    ChannelInfo,
    Close,
    Codecs,
    Frame,
    Open,
    Update,
    clip,
)
from .commands import CloseChannel, OfferRoles, OpenChannel
from .descriptions import Descriptions
from .greeting import Greeted
from .halves import Halves
from .ruling import refused_on

__all__ = ["Announcements"]

log = get_logger("peerbus.transports")

#: Seconds between two UPDATEs: twice as many may come as are sent.
UPDATES_APART = 0.1


class Announcements:
    """Those of one connection. `changed` is called when the peer's reactors or roles are other ones."""

    __slots__ = (
        "_bus_name",
        "_changed",
        "_codecs",
        "_compressing",
        "_descriptions",
        "_inside",
        "_later",
        "_link",
        "_loop",
        "_offered",
        "_outbox",
        "_receive",
        "_refused",
        "_understood",
        "_update_at",
        "_writer",
        "announced",
    )

    def __init__(
        self,
        bus_name: str,
        codecs: Codecs,
        greeted: Greeted,
        made: Halves,
        descriptions: Descriptions,
        outbox: Outbox,
        writer: Writer,
        changed: Callable[[], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        #: What this node offers.
        self._offered = OfferRoles(greeted.own.offers, greeted.own.record)
        #: What the peer was told that it may not do, by the number of the channel; and whether it reads that.
        self._refused = {index: info.refused for index, info in enumerate(greeted.own.channels) if info.refused}
        self._inside = greeted.inside
        self._understood = REFUSALS in greeted.peer.features and not greeted.inside
        #: When the peer may be told of either again; waits for that.
        self._update_at = 0.0
        self._later: asyncio.TimerHandle | None = None
        self._descriptions = descriptions
        self._compressing = made.compressing
        self._bus_name = bus_name
        self._codecs = codecs
        self._link = link = made.link
        self._receive = made.receive
        self._outbox = outbox
        self._writer = writer
        self._changed = changed
        link.origins.announce = self._tell_of
        #: A channel as this peer is told of it.
        self.announced: Callable[[ChannelInfo, Rate | None], ChannelInfo] = _as_it_is

    # To the peer.

    def say(self, command: OpenChannel | CloseChannel | OfferRoles) -> None:
        """Something of this node is other than it was."""
        match command:
            case OpenChannel():
                self.open(command)
            case CloseChannel():
                self.close(command)
            case OfferRoles():
                self.offer(command)

    def open(self, command: OpenChannel) -> None:
        """A reactor has started here."""
        if self._receive.has(command.info.name) or (command.info.name in INSIDE_CHANNELS and not self._inside):
            return
        if self._receive.channels >= MAX_CHANNELS:
            log.warning(
                "no number is left for a new channel on this connection, the peer does not hear of it",
                node=self._bus_name,
                peer=self._link.peer_id,
                channel=command.info.name,
            )
            return
        codec = self._codecs.get(command.info.name)
        info = self.announced(command.info, None if codec is None else codec.channel.rate)
        index = self._receive.add(info)
        self._link.origins.add(info.name, index)
        if info.refused:
            self._refused[index] = info.refused
        self._say(Open(index, info))
        self._descriptions.look()  # this node knows a channel more
        self._compressing.look(self._link.lanes.by_name.get(command.info.name))

    def close(self, command: CloseChannel) -> None:
        """A reactor has stopped here."""
        self._link.origins.remove(command.name)
        index = self._receive.remove(command.name)
        if index is not None:
            self._refused.pop(index, None)
            self._say(Close(index, clip(command.reason, WORD_LIMIT)))

    def offer(self, command: OfferRoles) -> None:
        """This node offers other roles."""
        self._offered = command
        self._update()

    def judged(self) -> None:
        """The peer may do something else than before."""
        if self._understood and self._refused != dict(refused_on(self._receive.lanes)):
            self._update()

    def _update(self) -> None:
        """Tell the peer. Where it was told just now it hears of all changes together, a little later."""
        if self._later is not None:
            return
        if self._update_at <= self._loop.time():
            self._say_update()
        else:
            self._later = self._loop.call_at(self._update_at, self._say_update)

    def _say_update(self) -> None:
        self._later = None
        self._update_at = self._loop.time() + UPDATES_APART
        refused = refused_on(self._receive.lanes) if self._understood else ()
        self._refused = dict(refused)
        self._say(Update(self._offered.offers, self._offered.record, refused))

    def end(self) -> None:
        """The connection has ended: say nothing more, and keep nothing that points back to its owner."""
        if self._later is not None:
            self._later.cancel()
        self._changed = _nobody

    def _tell_of(self, name: str) -> None:
        """One that has not started sends: the peer hears of it before its message."""
        codec = self._codecs.get(name)
        if codec is not None:
            self.open(OpenChannel(codec.info))

    def _say(self, frame: Frame) -> None:
        self._outbox.control(frame)
        self._writer.schedule()

    # By the peer. They raise ProtocolError.

    def opened(self, frame: Open) -> None:
        """A reactor has started there."""
        self._link.open(frame.index, frame.channel)
        self._receive.add_sender(frame.channel.name)
        lane = self._link.lanes.by_name[frame.channel.name]
        self._descriptions.want(lane)
        self._compressing.look(lane)
        self._changed()

    def closed(self, frame: Close) -> None:
        """A reactor has stopped there."""
        if self._link.close(frame.index, printable(frame.reason)):
            self._changed()

    def updated(self, frame: Update) -> None:
        """The peer offers other roles, or refuses other things, unless it says again what it has said."""
        offers = frame.offers != self._link.said or frame.record != self._link.record
        if offers:
            self._link.offer(frame.offers, frame.record)
        if self._link.let(frame.refused) or offers:
            self._changed()


def _as_it_is(info: ChannelInfo, _own: Rate | None) -> ChannelInfo:
    return info


def _nobody() -> None:
    """The connection has ended."""
