"""Timers of one actor: they put a message into its own mailbox, and they die with it.

Law 1: at most one message of a timer is in the mailbox, however long the actor takes for what stands before it.
Law 2: nothing of a timer is handled after its `cancel()`, also what is in the mailbox by then.
Law 3: a tick may be missed, an appointment not: without room a tick is skipped, what `after` promised goes first.

One that is set by the constructor, before there is anything that could run it, begins with the actor. One that is set
when the actor stops, or by a handler of an incarnation that has failed, never fires.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from math import isfinite
from numbers import Real
from typing import Literal, get_args

from ..mailbox import Envelope
from .life import Life
from .state import State

__all__ = ["Followed", "Missed", "Tick", "Timer", "Timers"]

#: What becomes of the ticks for which there was no time.
Missed = Literal["skip", "burst", "delay"]
#: Where nothing is left of the actor that could be told of a tick: what is set now would tick for ever.
OVER = frozenset({State.BACKING_OFF, State.STOPPING, State.STOPPED})
#: Seconds that an interval has at least: less is less than any clock tells, and in the end than numbers can.
SHORTEST = 1e-9


class Tick:
    """What a timer puts into the mailbox: its message, unless it is cancelled before that is taken."""

    __slots__ = ("timer",)

    def __init__(self, timer: Timer) -> None:
        self.timer = timer

    def __repr__(self) -> str:
        return f"<tick: {self.timer.message!r}>"


class Followed:
    """What a handler returned to be awaited, and what hears of its end."""

    __slots__ = ("_then", "of")

    def __init__(self, of: Awaitable[object], then: Callable[[], None]) -> None:
        self.of = of
        self._then = then

    def __await__(self) -> Generator[object, None, object]:
        try:
            return (yield from self.of.__await__())
        finally:
            self._then()


class Timer:
    """One timer. `after` and `every` of an actor make them.

    ```python
    class Ticker(Actor):
        def on_start(self) -> None:
            self.ticks: Timer = self.every(1.0, "tick")

        @handles(str)
        def tick(self, _word: str) -> None:
            self.ticks.cancel()

    node.spawn(Ticker)
    ```
    """

    __slots__ = (
        "_count",
        "_due",
        "_owed",
        "_owner",
        "_policy",
        "_start",
        "_unset",
        "_waiting",
        "interval",
        "message",
        "missed",
    )

    def __init__(self, owner: Timers, message: object, interval: float | None, policy: Missed = "skip") -> None:
        self.message: object = message
        #: Seconds between two messages; None for a timer that fires once.
        self.interval: float | None = interval
        #: Ticks that were due and did not come, nor will: the one before waited still, or there was no room.
        self.missed: int = 0
        self._owner = owner
        self._policy = policy
        #: Of a fixed rate: when it began, how many ticks were due since, and when the next one is.
        self._start = 0.0
        self._count = 0
        self._due = 0.0
        #: Takes back what was asked of the clock; None while nothing is.
        self._unset: Callable[[], object] | None = None
        self._waiting = False
        #: Of a burst: ticks that were due and are still to come.
        self._owed = 0

    @property
    def active(self) -> bool:
        """A message of it is still to be handled."""
        return self._owner.has(self)

    def cancel(self) -> None:
        """Let no further message of it be handled, also none that is in the mailbox already. Idempotent."""
        if self._unset is not None:
            self._unset()
            self._unset = None
        self._waiting = False
        self._owed = 0
        self._owner.forget(self)

    def hold(self, held: dict[Timer, float], delay: float) -> None:
        """Wait in `held` until the actor begins."""
        held[self] = delay
        self._unset = lambda: held.pop(self, None)

    def set(self, delay: float) -> None:
        """Fire for the first time after `delay` seconds."""
        self._start = self._owner.now()
        self._count = 1
        self._due = self._start + delay
        self._unset = self._owner.call_later(delay, self._fire)

    def _fire(self) -> None:
        self._unset = None
        interval = self.interval
        if interval is None:
            if not self._put():
                self._owner.forget(self)  # the actor ends
        elif self._policy == "delay":
            if not self._put():
                self.missed += 1
                self._unset = self._owner.call_later(interval, self._fire)
        else:
            now = self._owner.now()
            due = 1 + max(0, int((now - self._due) / interval))  # more than one where nothing ran for so long
            self._count += due
            self._due = self._start + self._count * interval  # not the last one plus an interval: sums of floats drift
            if self._policy == "burst":
                self._owed += due
                self._pay()
            else:
                self.missed += due - self._put()
            self._unset = self._owner.call_later(max(0.0, self._due - now), self._fire)

    def _put(self) -> bool:
        """Put the message into the mailbox, if none waits there. False: it was not."""
        if self._waiting:
            return False
        self._waiting = self._owner.put(self)
        return self._waiting

    def _pay(self) -> None:
        if self._owed and self._put():
            self._owed -= 1

    # What the cell says of the message in the mailbox.

    def taken(self) -> bool:
        """It is about to be handled. False: it was cancelled, leave it."""
        if not self._waiting:
            return False
        self._waiting = False
        if self.interval is None:
            self._owner.forget(self)
        else:
            self._pay()
        return True

    @property
    def wants_end(self) -> bool:
        """It is to be told when its message was handled."""
        return self._policy == "delay" and self.active

    def handled(self) -> None:
        """Its message was handled: a fixed delay begins."""
        if self.interval is not None and self.wants_end and self._unset is None:
            self._unset = self._owner.call_later(self.interval, self._fire)

    def dropped(self) -> None:
        """The mailbox made room by it, as its overflow policy says."""
        if not self._waiting:
            return
        self._waiting = False
        if self.interval is None:
            # Not into the room that it has just made: the mailbox would drop it again, and again.
            self._waiting = self._owner.put_first(self)
        elif self._policy == "burst":
            self._owed += 1
        else:
            self.missed += 1
            self.handled()

    def __repr__(self) -> str:
        how = "once" if self.interval is None else f"every {self.interval} s"
        return f"<Timer {how}: {self.message!r}{'' if self.active else ', over'}>"


class Timers:
    """The timers of one actor, in its turn."""

    __slots__ = ("_active", "_cell", "_held")

    def __init__(self, cell: Life) -> None:
        self._cell = cell
        self._active: dict[Timer, None] = {}
        #: Those that wait for the actor to begin, with their delays.
        self._held: dict[Timer, float] = {}

    def after(self, delay: float, message: object) -> Timer:
        """As `Actor.after`."""
        seconds = _number("delay", delay)
        if not isfinite(seconds):  # a loop's timers are ordered by when they are due, and nan has no place among them
            raise ValueError(f"a timer's delay must be a finite number of seconds, not {delay}")
        self._check(message)
        return self._add(Timer(self, message, None), max(0.0, seconds))

    def every(self, interval: float, message: object, missed: Missed = "skip") -> Timer:
        """As `Actor.every`."""
        seconds = _number("interval", interval)
        if 0 < seconds < SHORTEST:
            raise ValueError(f"a timer's interval must be at least {SHORTEST} seconds, not {interval}")
        if not (seconds > 0 and isfinite(seconds)):
            raise ValueError(f"a timer's interval must be above 0 seconds and finite, not {interval}")
        if missed not in get_args(Missed):
            raise ValueError(f"missed is {missed!r}; write 'skip', 'burst' or 'delay'")
        self._check(message)
        return self._add(Timer(self, message, seconds, missed), seconds)

    def begin(self) -> None:
        """The actor begins: so do the timers that its constructor has set."""
        for timer, delay in self._held.items():
            timer.set(delay)
        self._held.clear()

    def cancel_all(self) -> None:
        """None fires any more."""
        for timer in tuple(self._active):
            timer.cancel()

    def forget(self, timer: Timer) -> None:
        """The timer is done."""
        self._active.pop(timer, None)

    def has(self, timer: Timer) -> bool:
        """The timer is not done."""
        return timer in self._active

    def __len__(self) -> int:
        return len(self._active)

    def _check(self, message: object) -> None:
        if isinstance(message, type) and message in self._cell.handlers:
            name = message.__name__
            raise TypeError(f"a timer's message is the class {name}; write an object of it, {name}(…)")

    def _add(self, timer: Timer, delay: float) -> Timer:
        state = self._cell.state
        if state in OVER:
            return timer
        self._active[timer] = None
        if state is State.NEW:
            timer.hold(self._held, delay)
        else:
            timer.set(delay)
        return timer

    # What they need of the actor; a test kit has a clock of its own.

    def now(self) -> float:
        """Seconds of the clock that they go by."""
        return self._cell.now()

    def call_later(self, delay: float, action: Callable[[], object]) -> Callable[[], object]:
        """Run `action` in the actor's turn after `delay` seconds; returns what takes it back."""
        return self._cell.call_later(delay, action)

    def put(self, timer: Timer) -> bool:
        """Put a message of it into the mailbox. False: there is no room for a tick, or the actor ends."""
        if self._cell.mailbox.offer_or_skip(self._envelope(timer)):
            return True
        return timer.interval is None and self.put_first(timer)

    def put_first(self, timer: Timer) -> bool:
        """Put it before all that waits in the mailbox. False: the actor ends."""
        mailbox = self._cell.mailbox
        if mailbox.closed is not None:
            return False
        mailbox.put_system(self._envelope(timer))
        return True

    def _envelope(self, timer: Timer) -> Envelope:
        cell = self._cell
        # It needs no declared type: it never leaves the actor.
        return Envelope(Tick(timer), cell.address, None, source=cell)


def _number(what: str, value: object) -> float:
    if not isinstance(value, Real):
        hint = ": write its total_seconds()" if hasattr(value, "total_seconds") else ""
        raise TypeError(f"a timer's {what} is a number of seconds, not {value!r}{hint}")
    return float(value)
