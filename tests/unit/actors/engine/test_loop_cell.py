"""Actors on the event loop: turns, async and reentrant handlers, hooks, kills."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import pytest
from logging_actors import Log

from peerbus.actors import (
    Actor,
    ActorStopped,
    Bus,
    DeadLetter,
    DeadlineExceeded,
    Overflow,
    Ref,
    RemoteError,
    Supervision,
    handles,
)
from peerbus.actors.engine.reentrant import MAX_BESIDE

Turns = Callable[[], Awaitable[None]]
NOW = Supervision(backoff=0.0)


def inside(ref: Ref[Any]) -> Any:
    """The actor itself, which no user gets at."""
    return ref._cell.actor


async def test_messages_are_handled_one_at_a_time_in_order_while_a_handler_awaits() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Log)
        outcomes = [bus.ask(ref, message) for message in (1, 0.5, 2, 0.25, 3)]
        assert [await outcome for outcome in outcomes] == [1, 0.5, 2, 0.25, 3]
        log = await bus.ask(ref, 4)
        assert log == 4
        assert inside(ref).events == ["start", 1, "nap 0.5", "awake", 2, "nap 0.25", "awake", 3, 4]


async def test_a_late_wake_up_from_another_thread_starts_no_second_message(turns: Turns) -> None:
    async with Bus() as bus:
        ref = bus.spawn(Log)
        await turns()
        cell = ref._cell
        ref.tell(1.0)
        cell.again()  # what a thread's wake-up comes to, once the mailbox is somebody else's
        cell.again()
        ref.tell(1)
        await turns()
        assert inside(ref).events == ["start", "nap 1.0"]
        assert await bus.ask(ref, 2) == 2
        assert inside(ref).events == ["start", "nap 1.0", "awake", 1, 2]


async def test_what_is_sent_while_on_start_runs_waits_in_the_mailbox() -> None:
    class Slow(Log):
        async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
            await asyncio.sleep(1)
            self.events.append("started")

    async with Bus() as bus:
        ref = bus.spawn(Slow)
        await bus.tell(ref, 1)
        assert await bus.ask(ref, 2) == 2
        assert inside(ref).events == ["started", 1, 2]


async def test_a_deadline_in_the_handler_cancels_it_and_frees_the_actor() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Log)
        with pytest.raises(DeadlineExceeded) as caught:
            await bus.ask(ref, 100.0, timeout=1)
        assert caught.value.phase == "handler"
        assert await bus.ask(ref, 1) == 1
        assert inside(ref).events == ["start", "nap 100.0", "cancelled", 1]


async def test_a_deadline_in_the_mailbox_keeps_the_message_from_being_handled() -> None:
    async with Bus() as bus, bus.subscribe(DeadLetter) as letters:
        ref = bus.spawn(Log)
        await bus.tell(ref, 3.0)
        with pytest.raises(DeadlineExceeded) as caught:
            await bus.ask(ref, 1, timeout=1)
        assert caught.value.phase == "mailbox"
        assert await bus.ask(ref, 2) == 2
        assert 1 not in inside(ref).events
        letter = await letters.get()
        assert (letter.message, letter.reason) == (1, "deadline_mailbox")
        assert ref.statistics().dropped == {"deadline_mailbox": 1}


async def test_cancelling_an_ask_cancels_the_handler() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Log)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await bus.ask(ref, 100.0, timeout=50)
        assert await bus.ask(ref, 1) == 1
        assert inside(ref).events == ["start", "nap 100.0", "cancelled", 1]


async def test_cancelling_an_ask_before_its_handler_has_begun_closes_the_handler(turns: Turns) -> None:
    async with Bus() as bus:
        ref = bus.spawn(Log)
        await turns()
        ask = bus.ask(ref, 5.0)
        await asyncio.sleep(0)  # drained: the handler was called and has not run
        assert isinstance(ask, asyncio.Future)
        ask.cancel()
        assert await bus.ask(ref, 1) == 1
        assert inside(ref).events == ["start", 1]


async def test_a_message_whose_asker_went_away_is_not_handled() -> None:
    async with Bus() as bus, bus.subscribe(DeadLetter) as letters:
        ref = bus.spawn(Log)
        await bus.tell(ref, 1.0)
        ask = bus.ask(ref, 7)
        assert isinstance(ask, asyncio.Future)
        ask.cancel()
        assert await bus.ask(ref, 8) == 8
        assert 7 not in inside(ref).events
        assert (await letters.get()).reason == "cancelled"


async def test_a_handler_that_swallows_its_cancellation_does_not_harm_the_next() -> None:
    class Stubborn(Log):
        @handles(float)
        async def nap(self, seconds: float) -> float:
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:
                await asyncio.sleep(seconds)
            return seconds

        @handles(dict)
        async def cancelled_inside(self, _: dict[str, str]) -> None:
            future = asyncio.get_running_loop().create_future()
            future.cancel()
            await future

    async with Bus() as bus:
        ref = bus.spawn(Stubborn)
        with pytest.raises(DeadlineExceeded):
            await bus.ask(ref, 2.0, timeout=1)
        with pytest.raises(RemoteError, match="CancelledError"):
            await bus.ask(ref, {})
        assert await bus.ask(ref, 1) == 1


async def test_a_def_handler_that_raises_cancelled_error_fails_like_any_other() -> None:
    class Looks(Actor):
        @handles(int)
        def look(self, _: int) -> object:
            future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            future.cancel()
            return future.result()

        @handles(str)
        def alive(self, message: str) -> str:
            return message

    async with Bus() as bus:
        ref = bus.spawn(Looks)
        with pytest.raises(RemoteError, match="CancelledError"):
            await bus.ask(ref, 1)
        assert await bus.ask(ref, "yes") == "yes"


async def test_a_def_handler_may_return_something_to_await() -> None:
    class Front(Actor):
        def __init__(self, back: Ref[Log]) -> None:
            super().__init__()
            self.back = back

        @handles(int)
        def forward(self, message: int) -> object:
            return self.ask(self.back, message)

    async with Bus() as bus:
        assert await bus.ask(bus.spawn(Front, bus.spawn(Log)), 5) == 5


async def test_handlers_come_from_mixins_and_serve_derived_messages() -> None:
    class Mixin:
        @handles(Exception)
        def exception(self, message: Exception) -> str:
            return type(message).__name__

        @handles(dict, reentrant=True)
        async def mapping(self, message: dict[str, int]) -> int:
            await asyncio.sleep(0)
            return len(message)

    class Mixed(Mixin, Actor):
        pass

    class Special(dict[str, int]):
        pass

    async with Bus() as bus:
        ref = bus.spawn(Mixed)
        assert await bus.ask(ref, KeyError("x")) == "KeyError"
        assert await bus.ask(ref, Special(a=1)) == 1


async def test_reentrant_handlers_run_at_once_and_are_bounded() -> None:
    class Many(Actor):
        most: ClassVar[int] = 0

        def __init__(self) -> None:
            super().__init__()
            self.running = 0
            self.seen = 0

        @handles(float, reentrant=True)
        async def nap(self, seconds: float) -> float:
            self.running += 1
            self.seen = max(self.seen, self.running)
            await asyncio.sleep(seconds)
            self.running -= 1
            return seconds

        @handles(str)
        def most_seen(self, _: str) -> int:
            return self.seen

    async with Bus() as bus:
        ref = bus.spawn(Many)
        asks = [asyncio.ensure_future(_awaited(bus.ask(ref, 1.0, timeout=60))) for _ in range(MAX_BESIDE + 500)]
        assert await asyncio.gather(*asks) == [1.0] * len(asks)
        assert await bus.ask(ref, "") == MAX_BESIDE


async def _awaited(outcome: Awaitable[object]) -> object:
    return await outcome


async def test_a_reentrant_handler_that_nobody_wants_any_more_does_not_begin(turns: Turns) -> None:
    begun: list[str] = []

    class Begins(Actor):
        @handles(str, reentrant=True)
        async def begin(self, message: str) -> None:
            begun.append(message)

        @handles(int)
        def fail(self, message: int) -> None:
            raise RuntimeError("on purpose")

    async with Bus() as bus:
        ref = bus.spawn(Begins, supervision=NOW)
        await bus.started(ref)
        cancelled = asyncio.ensure_future(bus.ask(ref, "cancelled"))
        bus.loop.call_soon(cancelled.cancel)  # behind the turn that makes the handler's task, before its first step
        await turns()
        assert begun == []
        statistics = ref.statistics()
        assert (statistics.dropped, statistics.undone) == ({"cancelled": 1}, {})
        of_the_one_that_failed = asyncio.ensure_future(bus.ask(ref, "of the one that failed"))
        bus.tell(ref, 1)
        with pytest.raises(ActorStopped):
            await of_the_one_that_failed
        await bus.ask(ref, "of the next")
        assert begun == ["of the next"]


async def test_an_ask_whose_time_was_over_when_it_was_dropped_is_one_dead_letter(turns: Turns) -> None:
    class Crowded(Actor):
        mailbox_limit = 1
        overflow = Overflow.DROP_OLDEST

        @handles(float)
        async def sleep(self, seconds: float) -> None:
            await asyncio.sleep(seconds)

    async with Bus() as bus:
        ref = bus.spawn(Crowded)
        await bus.started(ref)
        bus.tell(ref, 2.0)
        await asyncio.sleep(0.1)
        bus.ask(ref, 0.0, timeout=0.1)
        await asyncio.sleep(1)
        bus.tell(ref, 0.1)
        gc.collect()
        await turns()
        assert bus.statistics().dead_letters == {"drop_oldest": 1}


async def test_an_ask_whose_time_was_over_in_the_mailbox_and_not_looked_at_is_one_dead_letter(turns: Turns) -> None:
    class Busy(Actor):
        @handles(float)
        async def sleep(self, seconds: float) -> None:
            await asyncio.sleep(seconds)

    async with Bus() as bus:
        ref = bus.spawn(Busy)
        bus.tell(ref, 1.0)
        bus.ask(ref, 0.0, timeout=0.1)
        await asyncio.sleep(2)
        gc.collect()
        await turns()
        assert bus.statistics().dead_letters == {"deadline_mailbox": 1}


@pytest.mark.parametrize("overflow", [Overflow.DROP_OLDEST, Overflow.DROP_NEWEST])
async def test_an_ask_that_is_dropped_and_not_looked_at_is_one_dead_letter(overflow: Overflow, turns: Turns) -> None:
    class Full(Actor):
        mailbox_limit = 1

        @handles(int)
        def number(self, message: int) -> int:
            return message

    Full.overflow = overflow
    async with Bus() as bus:
        ref = bus.spawn(Full)
        asks = [bus.ask(ref, number) for number in range(3)]
        del asks
        gc.collect()
        await turns()
        assert bus.statistics().dead_letters == {overflow.value: 2}


async def test_cancelling_one_reentrant_ask_cancels_that_handler_only() -> None:
    class Naps(Actor):
        def __init__(self) -> None:
            super().__init__()
            self.cancelled: list[float] = []

        @handles(float, reentrant=True)
        async def nap(self, seconds: float) -> float:
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:
                self.cancelled.append(seconds)
                raise
            return seconds

    async with Bus() as bus:
        ref = bus.spawn(Naps)
        one, other = bus.ask(ref, 1.0), bus.ask(ref, 2.0)
        await asyncio.sleep(0.1)
        assert isinstance(one, asyncio.Future)
        one.cancel()
        assert await other == 2.0
        assert inside(ref).cancelled == [1.0]
