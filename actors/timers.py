"""Timers of one actor: they put a message into its own mailbox, and they die with it.

One that is set by the constructor, before there is anything that could run it, begins with the actor. One that is set
when the actor stops, or by a handler of an incarnation that has failed, never fires.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isnan

from .cell import Cell, State
from .envelope import Envelope

__all__ = ["Timer", "Timers"]

#: Where nothing is left of the actor that could be told of a tick: what is set now would tick for ever.
OVER = frozenset({State.BACKING_OFF, State.STOPPING, State.STOPPED})


class Timer:
    """One timer. `cancel()` is idempotent; a message that is in the mailbox already stays there."""

    __slots__ = ("_cancel", "_owner", "interval", "message", "missed")

    def __init__(self, owner: Timers, message: object, interval: float | None) -> None:
        self.message = message
        #: Seconds between two messages; None for a timer that fires once.
        self.interval = interval
        #: Ticks for which the mailbox had no room.
        self.missed = 0
        self._owner = owner
        self._cancel: Callable[[], object] | None = None

    @property
    def active(self) -> bool:
        """It will still fire."""
        return self._cancel is not None

    def cancel(self) -> None:
        """Do not fire (again)."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
            self._owner.forget(self)

    def hold(self, held: dict[Timer, float], delay: float) -> None:
        """Wait in `held` until the actor begins."""
        held[self] = delay
        self._cancel = lambda: held.pop(self, None)

    def arm(self, cell: Cell, delay: float) -> None:
        """Fire after `delay` seconds."""
        self._cancel = cell.call_later(delay, lambda: self._fire(cell))

    def _fire(self, cell: Cell) -> None:
        # A timer's message needs no declared type: it never leaves the actor.
        envelope = Envelope(self.message, cell.address, None, source=cell)
        if not cell.mailbox.offer_or_skip(envelope):
            self.missed += 1
            if self.interval is None and cell.mailbox.closed is None:
                cell.mailbox.put_system(envelope)  # a tick may be missed, an appointment not
        if self.interval is None:
            self._cancel = None
            self._owner.forget(self)
        else:
            self.arm(cell, self.interval)


class Timers:
    """The timers of one actor, in its turn."""

    __slots__ = ("_active", "_cell", "_held")

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._active: dict[Timer, None] = {}
        #: Those that wait for the actor to begin, with their delays.
        self._held: dict[Timer, float] = {}

    def after(self, delay: float, message: object) -> Timer:
        """Put `message` into the actor's mailbox after `delay` seconds; without room, before all that waits there."""
        if isnan(delay):  # a loop's timers are ordered by when they are due, and nan has no place among them
            raise ValueError("a timer's delay must be a number of seconds, not nan")
        return self._add(Timer(self, message, None), delay)

    def every(self, interval: float, message: object) -> Timer:
        """Put `message` into the actor's mailbox every `interval` seconds; a tick without room is skipped."""
        if not interval > 0:
            raise ValueError(f"a timer's interval must be above 0 seconds, not {interval}")
        return self._add(Timer(self, message, interval), interval)

    def begin(self) -> None:
        """The actor begins: so do the timers that its constructor has set."""
        for timer, delay in self._held.items():
            timer.arm(self._cell, delay)
        self._held.clear()

    def cancel_all(self) -> None:
        """None fires any more."""
        for timer in tuple(self._active):
            timer.cancel()

    def forget(self, timer: Timer) -> None:
        """The timer is done."""
        self._active.pop(timer, None)

    def __len__(self) -> int:
        return len(self._active)

    def _add(self, timer: Timer, delay: float) -> Timer:
        state = self._cell.state
        if state in OVER:
            return timer
        self._active[timer] = None
        if state is State.NEW:
            timer.hold(self._held, delay)
        else:
            timer.arm(self._cell, delay)
        return timer
