"""Timers of an actor."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from ticking_actors import Paced, actor_of

from peerbus.actors import Actor, Bus, Directive, Supervision, Timer, handles
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
