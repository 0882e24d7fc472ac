"""Timers of an actor that is late: ticks that are missed, owed, cancelled, or find no room."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from ticking_actors import Paced, actor_of

from peerbus.actors import Actor, Bus, Overflow, handles
from peerbus.actors.engine.timers import Missed


@pytest.mark.parametrize(
    ("missed", "times", "count"),
    [
        # The second takes from 2 to 5.5: the third waits from 3 on, those of 4 and 5 are missed.
        ("skip", [1, 2, 5.5, 6, 7, 8], 2),
        ("burst", [1, 2, 5.5, 5.5, 5.5, 6, 7, 8], 0),
        ("delay", [1, 2, 6.5, 7.5, 8.5], 0),
    ],
)
async def test_what_follows_when_a_handler_takes_longer_than_the_interval(
    missed: Missed, times: list[float], count: int
) -> None:
    async with Bus() as bus:
        ref = bus.spawn(Paced, missed, took={2: 3.5})
        await asyncio.sleep(8.9)
        assert actor_of(ref).times == times
        assert actor_of(ref).timer.missed == count


@pytest.mark.parametrize("missed", ["skip", "burst"])
async def test_a_fixed_rate_does_not_drift(missed: Missed) -> None:
    async with Bus() as bus:
        ref = bus.spawn(Paced, missed, 0.1)
        await asyncio.sleep(1000.05)
        times = actor_of(ref).times
        assert len(times) == 10_000
        # To the bit, and not by sums of a tenth, which come to 1000.0000000001588.
        assert all(abs(time - (count + 1) * 0.1) < 1e-6 for count, time in enumerate(times))


@pytest.mark.parametrize("missed", ["skip", "burst", "delay"])
async def test_a_loop_that_stood_still_gets_one_tick_or_those_that_it_is_owed(missed: Missed) -> None:
    """Virtual time that jumps over many intervals at once, as a suspended computer does."""
    async with Bus() as bus:
        ref = bus.spawn(Paced, missed, 1.0)
        await asyncio.sleep(1.5)
        asyncio.get_running_loop().virtual.now += 100.0  # type: ignore[attr-defined]  # these tests' own loop
        await asyncio.sleep(2.2)
        times = actor_of(ref).times
        expected = {
            "skip": [1.0, 101.5, 102.0, 103.0],
            "burst": [1.0, *[101.5] * 100, 102.0, 103.0],
            "delay": [1.0, 101.5, 102.5, 103.5],
        }[missed]
        assert times == expected
        assert actor_of(ref).timer.missed == (99 if missed == "skip" else 0)


@pytest.mark.parametrize("missed", ["skip", "burst", "delay"])
@pytest.mark.parametrize("overflow", list(Overflow))
async def test_one_tick_waits_at_most_and_the_stop_stands_behind_it_alone(missed: Missed, overflow: Overflow) -> None:
    class Slow(Paced):
        pass

    Slow.overflow = overflow
    async with Bus() as bus:
        ref = bus.spawn(Slow, missed, 0.01)
        actor = actor_of(ref)
        await bus.tell(ref, 5.0)
        await asyncio.sleep(4.9)
        assert ref.statistics().queued == 1
        stopped = ref.stop(block=False)
        before = bus.loop.time()
        assert await stopped
        assert bus.loop.time() - before < 0.2
        assert len(actor.times) <= 2
        assert bus.statistics().dead_letters == {}


@pytest.mark.parametrize("missed", ["skip", "burst", "delay"])
async def test_nothing_of_a_timer_is_handled_after_its_cancel_also_what_waits_already(missed: Missed) -> None:
    class Cancels(Paced):
        @handles(bytes)
        async def cancel_it(self, _: bytes) -> None:
            await asyncio.sleep(3)
            self.timer.cancel()
            self.timer.cancel()

    async with Bus() as bus:
        ref = bus.spawn(Cancels, missed)
        await bus.tell(ref, b"")
        await asyncio.sleep(2.5)
        assert ref.statistics().queued == 1
        await asyncio.sleep(10)
        assert actor_of(ref).times == []
        assert not actor_of(ref).timer.active
        assert ref.statistics().queued == 0
        assert bus.statistics().dead_letters == {}


async def test_an_appointment_is_cancelled_while_it_waits_in_the_mailbox_too() -> None:
    class Once(Paced):
        def on_start(self) -> None:
            self.timers = [self.after(0, "first"), self.after(0, "second"), self.after(-1, "third")]

        @handles(str)
        async def tick(self, tick: str) -> None:
            self.times.append(len(tick))
            self.timers[1].cancel()

    async with Bus() as bus:
        ref = bus.spawn(Once, "skip")
        await asyncio.sleep(1)
        assert actor_of(ref).times == [len("first"), len("third")]
        assert [timer.active for timer in actor_of(ref).timers] == [False, False, False]


async def test_an_appointment_of_now_comes_after_what_is_handled_and_goes_first_where_the_mailbox_is_full() -> None:
    class Appoints(Actor):
        mailbox_limit = 2

        def __init__(self) -> None:
            super().__init__()
            self.got: list[object] = []

        @handles(int)
        async def work(self, number: int) -> None:
            if not number:
                self.after(0, "now")
                self.got.append("set")
                await asyncio.sleep(1)
            self.got.append(number)

        @handles(str)
        def soon(self, message: str) -> None:
            self.got.append(message)

    async with Bus() as bus:
        ref = bus.spawn(Appoints)
        await asyncio.gather(*(_awaited(bus.tell(ref, number)) for number in range(4)))
        await asyncio.sleep(2)
        assert actor_of(ref).got == ["set", 0, "now", 1, 2, 3]


@pytest.mark.parametrize("overflow", [Overflow.DROP_OLDEST, Overflow.LATEST])
@pytest.mark.parametrize("missed", ["skip", "burst", "delay"])
async def test_a_timer_goes_on_after_the_mailbox_has_dropped_its_tick(missed: Missed, overflow: Overflow) -> None:
    class Crowded(Paced):
        mailbox_limit = 2

        def on_start(self) -> None:
            super().on_start()
            self.after(1.5, "appointment")

    Crowded.overflow = overflow
    async with Bus() as bus:
        ref = bus.spawn(Crowded, missed, took={})
        await bus.tell(ref, 4.0)
        await asyncio.sleep(2.0)  # the tick and the appointment wait
        for _ in range(4):
            await bus.tell(ref, 0.0)
        dropped = ref.statistics().dropped
        assert sum(dropped.values()) >= 2
        assert "tick" not in str(bus.statistics().dead_letters)
        await asyncio.sleep(7.0)
        times = actor_of(ref).times
        assert times.count(4.0) >= 1  # the appointment, in any case
        assert len(times) >= 5
        assert actor_of(ref).timer.active


@pytest.mark.parametrize("overflow", [Overflow.DROP_OLDEST, Overflow.LATEST])
async def test_an_appointment_that_has_the_only_place_gives_it_up_and_goes_first(overflow: Overflow) -> None:
    got: list[object] = []

    class Narrow(Actor):
        mailbox_limit = 1

        @handles(float)
        async def busy(self, seconds: float) -> None:
            self.after(1, "appointment")
            await asyncio.sleep(seconds)

        @handles(str, int)
        def keep(self, message: object) -> None:
            got.append(message)

    Narrow.overflow = overflow
    async with Bus() as bus:
        ref = bus.spawn(Narrow)
        await bus.tell(ref, 4.0)
        await asyncio.sleep(2)
        await bus.tell(ref, 7)
        await asyncio.sleep(3)
    assert got == ["appointment", 7]


async def _awaited(outcome: Any) -> Any:
    return await outcome
