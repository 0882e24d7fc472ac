"""The end of a connection at work: what `Parting` decides is done here, in its time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ...actors.base import get_logger
from ...actors.router import LinkDown
from ..lanes import FrameWriter
from ..receiving import ReceiveSide
from ..sending import PeerLink
from ..wire import Frame, GoAway
from .commands import SHUTTING_DOWN, Disconnect
from .frame_reader import FrameReader
from .parting import GOODBYE, LAST_WORD, Act, Cut, Effect, Parting, Phase

if TYPE_CHECKING:
    from ...actors.bus import Bus

__all__ = ["LeaveTaking"]

log = get_logger("peerbus.transports")


class LeaveTaking:
    """The shell around a `Parting`. `cut(reason, text)` ends the connection at once."""

    __slots__ = (
        "_bus",
        "_context",
        "_cut",
        "_due",
        "_link",
        "_loop",
        "_parting",
        "_reader",
        "_receive",
        "_settling",
        "_timer",
        "_writer",
    )

    def __init__(
        self,
        bus: Bus,
        link: PeerLink,
        receive: ReceiveSide,
        reader: FrameReader,
        writer: FrameWriter,
        cut: Callable[[str, str], None],
    ) -> None:
        self._bus = bus
        self._loop = bus.loop
        self._context = bus.context.copy()
        self._link = link
        self._receive = receive
        self._reader = reader
        self._writer = writer
        self._cut = cut
        self._parting = Parting()
        self._timer: asyncio.TimerHandle | None = None
        #: What the timer is set for. A handle cannot be asked: uvloop gives one without `when` for what is due already.
        self._due = math.inf
        #: Done when nothing is under way any more; while `part` waits for that.
        self._settling: asyncio.Future[None] | None = None

    @property
    def ended(self) -> bool:
        """The connection carries nothing any more."""
        return self._parting.phase is Phase.ENDED

    def command(self, command: Disconnect) -> None:
        """The connection is to end in order, by `part`."""
        self._parting.command = command

    def shutdown(self, within: float) -> None:
        """The node shuts down, and still uses the connection for `within` seconds."""
        self._perform(self._parting.shutdown(within, self._loop.time()))

    async def part(self) -> Disconnect:
        """Take no new work, finish what is under way, say GOAWAY. Returns why, which is how the connection ends now."""
        parting = self._parting
        command = parting.command or Disconnect(SHUTTING_DOWN, drain=self._bus.life.time_to_end)
        self._writer.watched = True
        self._perform(parting.part(command, self._loop.time()))
        self.look()
        try:
            async with asyncio.timeout(command.drain):
                while not parting.settled(at_rest=self._at_rest):
                    self._settling = self._loop.create_future()
                    await self._settling
        except TimeoutError:
            log.debug("not all was answered", peer=self._link.peer_id, reason=command.reason)
        return command

    def told(self, frame: GoAway) -> None:
        """The peer said GOAWAY."""
        parting, before = self._parting, self._parting.farewell
        effects = parting.told(frame, self._loop.time(), asks_open=self._asks_open)
        if not effects:
            self.look()
            return
        assert parting.farewell is not None
        self._writer.watched = True
        if before is None:
            self._reader.notice(self._stirred)
        log.info(
            "peer says goodbye",
            node=self._bus.name,
            peer=self._link.peer_id,
            reason=parting.farewell.reason,
            text=parting.farewell.text,
        )
        self._perform(effects)

    def ponged(self, token: int) -> bool:
        """A PONG came. False: it answers no PING of this side."""
        if token not in (LAST_WORD, GOODBYE):
            return False
        self._perform(self._parting.ponged(token))
        self.look()
        return True

    def wrote_last(self) -> None:
        """As `Parting.wrote_last`."""
        self._perform(self._parting.wrote_last(self._loop.time()))

    def look(self) -> None:
        """Something may have come to its end."""
        if self._parting.cares:
            self._perform(self._parting.look(at_rest=self._at_rest))

    def why_over(self, reason: str, text: str) -> tuple[str, str]:
        """As `Parting.why_over`."""
        return self._parting.why_over(reason, text)

    def end(self) -> bool:
        """The connection carries nothing any more. False: it had ended before."""
        if not self._parting.end():
            return False
        self._perform((Act.SETTLED,))
        self._cut = _nobody  # keep nothing that points back to its owner
        return True

    @property
    def _at_rest(self) -> bool:
        """This side has nothing to send, to answer, or to hear of any more."""
        return not (self._receive.serving or self._receive.holding or self._reader.pending) and self._link.idle

    @property
    def _asks_open(self) -> bool:
        return bool(self._link.open_asks.by_rid or self._receive.serving)

    def _stirred(self) -> None:
        """From the peer's GOAWAY on, whatever comes but heartbeats shows that the peer is not done."""
        if self._parting.farewell is not None:
            self._parting.farewell.came(self._loop.time())

    def _perform(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Act.SUSPEND:
                    self._link.suspend()  # it leaves the table when the other one enters it
                case Act.LEAVE:
                    command = self._parting.command
                    reason = SHUTTING_DOWN if command is None else command.reason
                    self._bus.tell_router(LinkDown(self._link, reason))
                    why = f"this node parts with {self._link.peer_id}: {reason}"
                    self._link.stop(why, shutting_down=self._bus.closing)
                case Act.LEFT | Act.TURNED_AWAY:
                    self._left(turned_away=effect is Act.TURNED_AWAY)
                case Act.HASTEN:
                    self._receive.hasten()
                case Act.ARRIVED:
                    self._link.succession.arrived()
                case Act.SETTLED:
                    if self._settling is not None and not self._settling.done():
                        self._settling.set_result(None)
                case Cut():
                    self._cut(effect.reason, effect.text)
                case _:
                    self._say(effect)
        self._arm()

    def _left(self, *, turned_away: bool) -> None:
        assert self._parting.farewell is not None
        reason = self._parting.farewell.reason
        self._bus.tell_router(LinkDown(self._link, reason))
        why = f"peer {self._link.peer_id} said goodbye: {reason}"
        if turned_away:
            self._link.turned_away(why)
        else:
            self._link.stop(why, shutting_down=False)

    def _say(self, frame: Frame) -> None:
        self._link.outbox.control(frame)
        self._writer.schedule()

    def _arm(self) -> None:
        due, timer = self._parting.next_due(), self._timer
        if timer is not None:
            if self._due == due:
                return
            timer.cancel()
            self._timer = None
        if due < math.inf:
            self._timer, self._due = self._loop.call_at(due, self._expire, context=self._context), due

    def _expire(self) -> None:
        self._timer = None
        self._perform(self._parting.expire(self._loop.time(), asks_open=self._asks_open))
        self.look()


def _nobody(reason: str, text: str) -> None:
    """The connection has ended."""
