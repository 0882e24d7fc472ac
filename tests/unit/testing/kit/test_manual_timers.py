"""Timers on a test's own clock: they fire when the test moves it, in order, and never by themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

from peerbus.actors import Actor, Timer, handles
from peerbus.testing import Alone, TimerSet
from peerbus.testing.kit.manual_timers import ManualTimers


@dataclass(frozen=True)
class Tick:
    name: str


@dataclass(frozen=True)
class Stop:
    pass


@dataclass
class Seen:
    ticks: list[tuple[float, str]] = field(default_factory=list)


class Clockwork(Actor):
    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self.seen = seen
        self.timer: Timer | None = None

    def on_start(self) -> None:
        self.after(5, Tick("late"))
        self.after(1, Tick("soon"))
        self.timer = self.every(2, Tick("again"))

    @handles(Tick)
    def tick(self, tick: Tick) -> None:
        assert isinstance(self._cell.timers, ManualTimers)
        self.seen.ticks.append((self._cell.timers.now(), tick.name))

    @handles(Stop)
    def stop_it(self, _: Stop) -> None:
        assert self.timer is not None
        self.timer.cancel()


async def test_they_fire_in_the_order_of_their_times_when_the_clock_moves() -> None:
    seen = Seen()
    async with Alone(lambda: Clockwork(seen)) as clockwork:
        assert clockwork.timers == [
            TimerSet(5, Tick("late")),
            TimerSet(1, Tick("soon")),
            TimerSet(2, Tick("again"), repeats=True),
        ]
        await clockwork.settle()
        assert seen.ticks == []
        await clockwork.advance(0.5)
        assert seen.ticks == []
        await clockwork.advance(4.5)
        assert seen.ticks == [(1.0, "soon"), (2.0, "again"), (4.0, "again"), (5.0, "late")]


async def test_one_that_is_cancelled_fires_no_more() -> None:
    seen = Seen()
    async with Alone(lambda: Clockwork(seen)) as clockwork:
        await clockwork.advance(2)
        await clockwork.tell(Stop())
        await clockwork.advance(10)
        assert [name for _, name in seen.ticks] == ["soon", "again", "late"]
