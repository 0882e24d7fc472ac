"""The windows of what a peer sends grow and shrink: what `WindowTuner` decides is counted, paid for and told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ...actors.mailbox import Mailbox
from ...actors.messages import Overflow
from ..lanes import InLane, Outbox, WindowShare, Writer
from ..wire import WindowFrame

if TYPE_CHECKING:
    from ...actors.bus import Bus

__all__ = ["WindowGrowth", "mailbox_behind"]


class WindowGrowth:
    """Those of one connection. `understood`: the peer reads WINDOW; else each window stays as it was announced.

    A window that shrinks is counted as the larger one until the PONG of a heartbeat that went after the WINDOW shows
    that the peer has read it: what it has sent until then is no overrun.
    """

    __slots__ = ("_loop", "_outbox", "_share", "_shrinking", "_writer", "last_beat", "mailbox_of", "understood")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        outbox: Outbox,
        writer: Writer,
        share: WindowShare,
        *,
        understood: bool,
    ) -> None:
        self._loop = loop
        self._outbox = outbox
        self._writer = writer
        self._share = share
        #: Lanes that shrink, and the heartbeat before they did.
        self._shrinking: dict[InLane, int] = {}
        #: The token of the last heartbeat that was sent.
        self.last_beat: Callable[[], int] = _none
        #: The mailbox of the reactor behind a lane; None where it may not be touched from here.
        self.mailbox_of: Callable[[InLane], Mailbox | None] = _nowhere
        self.understood = understood

    def took(self, lane: InLane, taken: tuple[int, int]) -> None:
        """The reactor of that lane took these messages and bytes, which are granted back."""
        trip = self._outbox.pacer.trip
        if trip is None or not self.understood:
            return
        window = lane.window
        wanted = lane.tuner.took(taken, window.held, lane.told, window.announced, self._loop.time(), trip)
        if wanted is None:
            return
        if wanted[0] < lane.told[0] or wanted[1] < lane.told[1]:
            self._shrink(lane, wanted)
            return
        before = window.whole
        larger = max(wanted[0], before[0]), max(wanted[1], before[1])
        after = self._share.move(window.announced, before, larger, lane.heaviest.each)
        if after != lane.told:
            self._shrinking.pop(lane, None)
            window.resize(*after)
            self._make_room(lane)
            self._tell(lane, after)

    def beat(self, lanes: Iterable[InLane]) -> None:
        """From time to time: what nothing comes through gives back what it has grown by."""
        for lane in lanes:
            if lane.told != lane.window.announced and lane.tuner.rests(self._loop.time()):
                self._shrink(lane, lane.window.announced)

    def ponged(self, token: int) -> None:
        """The peer has answered that heartbeat: what was told before it, it has read."""
        for lane, beat in tuple(self._shrinking.items()):
            if token > beat:
                del self._shrinking[lane]
                self._fit(lane, lane.told)

    def end(self, lanes: Iterable[InLane]) -> None:
        """The connection has ended: others may have what its windows took."""
        self.understood = False
        self._shrinking.clear()
        for lane in lanes:
            self._fit(lane, lane.window.announced)

    def _shrink(self, lane: InLane, size: tuple[int, int]) -> None:
        self._shrinking[lane] = self.last_beat()
        self._tell(lane, size)

    def _fit(self, lane: InLane, size: tuple[int, int]) -> None:
        window = lane.window
        window.resize(*self._share.move(window.announced, window.whole, size, lane.heaviest.each))
        self._make_room(lane)

    def _make_room(self, lane: InLane) -> None:
        """Let the mailbox have room for what the window has grown by: what waits beside a full one costs 7 µs more."""
        (messages, size), (least, few) = lane.window.whole, lane.window.announced
        before = lane.room
        mailbox = self.mailbox_of(lane) if before is None else before[0]
        if mailbox is None or (mailbox.limit < least and before is None):
            return
        _, had, had_size = before or (mailbox, 0, 0)
        messages, size = messages - least, size - few
        mailbox.widen(messages - had, size - had_size)
        lane.room = (mailbox, messages, size) if messages or size else None

    def _tell(self, lane: InLane, size: tuple[int, int]) -> None:
        lane.told = size
        self._outbox.control(WindowFrame(lane.index, *size))
        self._writer.schedule()


def mailbox_behind(bus: Bus, lane: InLane) -> Mailbox | None:
    """The mailbox of its reactor, where that is of the bus's loop and its senders wait for room; a pool has several."""
    cell = bus.cell(lane.info.name)
    if cell is None or cell.spreads or cell.mailbox.owner != bus.thread or cell.mailbox.overflow is not Overflow.WAIT:
        return None
    return cell.mailbox


def _none() -> int:
    return 0


def _nowhere(_lane: InLane) -> Mailbox | None:
    return None
