"""Timers of an actor."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from peerbus.actors import Actor, Bus, Directive, Overflow, Supervision, Timer, handles
from peerbus.actors.engine.timers import Missed


class Ticks(Actor):
    def __init__(self) -> None:
        super().__init__()
        self.got: list[tuple[str, str]] = []

    @handles(float)
    def every_so_often(self, interval: float) -> Timer:
        return self.every(interval, f"every {interval}")

    @handles(int)
    def once(self, delay: int) -> Timer:
        return self.after(delay, f"after {delay}")

    @handles(str)
    def tick(self, message: str, sender: object) -> None:
        self.got.append((message, str(sender)))


async def test_timers_fire_on_time_until_they_are_cancelled() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Ticks, name="ticks")
        every = await bus.ask(ref, 2.0, reply=Timer)
        once = await bus.ask(ref, 3, reply=Timer)
        never = await bus.ask(ref, 4, reply=Timer)
        never.cancel()
        assert (every.active, once.active, never.active) == (True, True, False)
        await asyncio.sleep(6.5)
        every.cancel()
        await asyncio.sleep(10)
        actor = ref._cell.actor
        assert isinstance(actor, Ticks)
        assert [message for message, _ in actor.got] == ["every 2.0", "after 3", "every 2.0", "every 2.0"]
        assert {sender for _, sender in actor.got} == {"bus://local/ticks"}
        assert not every.active
        assert not once.active
        assert len(actor._timers()) == 0


async def test_an_interval_of_nothing_is_refused() -> None:
    async with Bus() as bus:
        actor = bus.spawn(Ticks)._cell.actor
        assert isinstance(actor, Ticks)
        for interval in (0, -1, float("nan"), float("inf")):
            with pytest.raises(ValueError, match="above 0 seconds and finite"):
                actor.every(interval, "x")
        for delay in (float("nan"), float("inf"), float("-inf")):
            with pytest.raises(ValueError, match="a finite number of seconds"):
                actor.after(delay, "x")
        for what in ("1", None, timedelta(seconds=1)):
            for method in (actor.every, actor.after):
                with pytest.raises(TypeError, match="is a number of seconds, not"):
                    method(what, "x")  # type: ignore[arg-type]  # that is what is tested
        with pytest.raises(TypeError, match="total_seconds"):
            actor.after(timedelta(seconds=1), "x")  # type: ignore[arg-type]  # as above
        with pytest.raises(ValueError, match="'skip', 'burst' or 'delay'"):
            actor.every(1, "x", missed="drop")  # type: ignore[arg-type]  # as above
        with pytest.raises(TypeError, match=r"a timer's message is the class str; write an object of it, str\(…\)"):
            actor.every(1, str)
        assert len(actor._timers()) == 0


class Beats(Ticks):
    """Sets its timers before it has begun."""

    def __init__(self) -> None:
        super().__init__()
        self.every(2.0, "beat")
        self.after(3.0, "never").cancel()


async def test_a_timer_that_the_constructor_sets_begins_with_the_actor_and_with_each_restart() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Beats, supervision=Supervision(backoff=0.5))
        await asyncio.sleep(4.5)
        first = ref._cell.actor
        assert isinstance(first, Beats)
        assert [message for message, _ in first.got] == ["beat", "beat"]
        await bus.tell(ref, 0.0)  # an interval that is refused, so the actor is rebuilt
        await asyncio.sleep(5.0)
        second = ref._cell.actor
        assert isinstance(second, Beats)
        assert second is not first
        assert [message for message, _ in second.got] == ["beat", "beat"]
        assert len(first.got) == 2


async def test_a_constructor_that_fails_leaves_no_timer() -> None:
    class Fails(Beats):
        def __init__(self) -> None:
            super().__init__()
            raise ValueError("no")

    async with Bus() as bus:
        before = len(asyncio.get_running_loop()._scheduled)  # type: ignore[attr-defined]  # there is no public way
        with pytest.raises(ValueError, match="no"):
            bus.spawn(Fails)
        assert len(asyncio.get_running_loop()._scheduled) == before  # type: ignore[attr-defined]  # as above


async def test_a_timer_that_is_set_while_the_actor_stops_never_ticks() -> None:
    late: list[Timer] = []

    class Late(Ticks):
        @handles(bytes, reentrant=True)
        async def linger(self, _: bytes) -> None:
            await asyncio.sleep(1)
            late.append(self.every(0.1, "late"))

        def on_stop(self) -> None:
            late.append(self.every(0.1, "later"))

    async with Bus() as bus:
        ref = bus.spawn(Late)
        bus.tell(ref, b"")
        assert await ref.stop(block=False)
        assert len(late) == 2
        assert not any(timer.active for timer in late)
        await asyncio.sleep(1)
        assert not any(timer.missed for timer in late)


class Paced(Actor):
    """Ticks, as the test says, and takes for each as long as the test says."""

    def __init__(self, missed: Missed, interval: float = 1.0, took: dict[int, float] | None = None) -> None:
        super().__init__()
        self.missed_ticks: Missed = missed
        self.interval = interval
        #: Seconds that the handling of the n-th tick takes; 0 else.
        self.took = took or {}
        self.times: list[float] = []
        self.timer: Timer

    def on_start(self) -> None:
        self.began = self.bus.loop.time()
        self.timer = self.every(self.interval, "tick", missed=self.missed_ticks)

    @handles(str)
    async def tick(self, _tick: str) -> None:
        self.times.append(round(self.bus.loop.time() - self.began, 6))
        await asyncio.sleep(self.took.get(len(self.times), 0.0))

    @handles(float)
    async def work(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def actor_of(ref: Any) -> Any:
    return ref._cell.actor


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


async def test_a_restart_leaves_no_tick_of_the_incarnation_before() -> None:
    class Fails(Paced):
        fail = True

        @handles(bytes)
        async def fail_late(self, _: bytes) -> None:
            await asyncio.sleep(2.5)
            raise ValueError("on purpose")

    async with Bus() as bus:
        ref = bus.spawn(Fails, "skip", supervision=Supervision(backoff=0.01))
        first = actor_of(ref)
        await bus.tell(ref, b"")
        await asyncio.sleep(4.2)
        second = actor_of(ref)
        assert second is not first
        assert first.times == []  # one waited when it failed
        assert second.times == [1.0]


async def test_the_handlers_of_a_fixed_delay_may_be_any_and_may_fail() -> None:
    class Kinds(Actor):
        supervision = Supervision(directive=Directive.RESUME)

        def __init__(self) -> None:
            super().__init__()
            self.times: dict[str, list[float]] = {"def": [], "async": [], "reentrant": []}

        def on_start(self) -> None:
            self.began = self.bus.loop.time()
            for message in ("def", b"async", 7):
                self.every(1.0, message, missed="delay")

        def _note(self, kind: str) -> None:
            self.times[kind].append(round(self.bus.loop.time() - self.began, 6))

        @handles(str)
        def plain(self, _: str) -> None:
            self._note("def")
            raise ValueError("on purpose")

        @handles(bytes)
        async def held(self, _: bytes) -> None:
            self._note("async")
            await asyncio.sleep(0.5)
            raise ValueError("on purpose")

        @handles(int, reentrant=True)
        async def beside(self, _: int) -> None:
            self._note("reentrant")
            await asyncio.sleep(2.0)

    async with Bus() as bus:
        ref = bus.spawn(Kinds)
        await asyncio.sleep(9.9)
        times = actor_of(ref).times
        assert times["reentrant"] == [1.5, 4.5, 7.5]  # it is at work for 2, and pauses for 1
        assert times["async"] == [1.0, 2.5, 4.0, 5.5, 7.0, 8.5]
        assert len(times["def"]) >= 8


async def test_a_reply_and_a_sender_of_a_tick_are_those_of_a_message_to_oneself() -> None:
    class Puts(Ticks):
        @handles(str)
        def tick(self, message: str, sender: object) -> None:
            self.got.append((message, str(sender)))
            if len(self.got) == 1:
                self.put_aside()
                self.after(1, "later")
            elif message == "later":
                self.take_up()

    async with Bus() as bus:
        ref = bus.spawn(Puts, name="puts")
        await bus.ask(ref, 0)
        await asyncio.sleep(5)
        assert actor_of(ref).got == [
            ("after 0", "bus://local/puts"),
            ("later", "bus://local/puts"),
            ("after 0", "bus://local/puts"),
        ]


class Threaded(Actor):
    """Ticks on a thread of its own, and says when it has ticked enough."""

    dispatcher = "thread"

    def __init__(self, missed: Missed, enough: Callable[[int], object], block: threading.Event | None = None) -> None:
        super().__init__()
        self.policy: Missed = missed
        self.enough = enough
        self.block = block
        self.ticks = 0
        self.waited: list[int] = []

    def on_start(self) -> None:
        self.timer = self.every(0.005, "tick", missed=self.policy)

    def on_receive(self, message: object) -> None:
        if message == "block":
            assert self.block is not None
            self.block.wait(10)
            self.waited.append(len(self.actor_inbox))  # type: ignore[arg-type]  # ours has a length
        elif message == "cancel":
            self.timer.cancel()
            self.enough(-1)
        else:
            self.ticks += 1
            self.enough(self.ticks)


@pytest.mark.parametrize("missed", ["skip", "burst", "delay"])
def test_timers_of_a_thread_tick_and_end_in_the_same_way(missed: Missed) -> None:
    ticked, cancelled = threading.Event(), threading.Event()

    def enough(ticks: int) -> None:
        if ticks < 0:
            cancelled.set()
        elif ticks >= 3:
            ticked.set()

    ref = Threaded.start(missed, enough)
    assert ticked.wait(10)
    ref.tell("cancel")
    assert cancelled.wait(10)
    actor = actor_of(ref)
    after = actor.ticks
    ref.ask("one more")
    assert actor.ticks == after + 1
    assert not actor.timer.active
    assert ref.stop()


@pytest.mark.parametrize("interval", [5e-324, 1e-310, 1e-10])
async def test_an_interval_that_no_clock_tells_is_refused(interval: float) -> None:
    class Ticks(Actor):
        def on_start(self) -> None:
            self.every(interval, 1)

    async with Bus() as bus:
        with pytest.raises(ValueError, match="at least 1e-09 seconds"):
            await bus.started(bus.spawn(Ticks))
