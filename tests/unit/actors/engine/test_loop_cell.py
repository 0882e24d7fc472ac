"""Actors on the event loop: turns, async and reentrant handlers, hooks, kills."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, ClassVar

import pytest
from pykka.messages import ProxyGetAttr, ProxySetAttr

from peerbus.actors import (
    LOCAL,
    Actor,
    ActorFailed,
    ActorStopped,
    Bus,
    Channel,
    DeadLetter,
    DeadlineExceeded,
    Directive,
    Overflow,
    Reactor,
    Ref,
    RemoteError,
    Supervision,
    Terminated,
    WouldDeadlock,
    handles,
)
from peerbus.actors.engine.reentrant import MAX_BESIDE
from peerbus.actors.engine.turn_pace import BATCH
from peerbus.actors.sends.ask import AskFuture
from peerbus.actors.sends.deadlines import SLOT

Turns = Callable[[], Awaitable[None]]
NOW = Supervision(backoff=0.0)


def inside(ref: Ref[Any]) -> Any:
    """The actor itself, which no user gets at."""
    return ref._cell.actor


class Log(Actor):
    """Notes what happens in `events`."""

    def __init__(self, events: list[object] | None = None) -> None:
        super().__init__()
        self.events: list[object] = [] if events is None else events

    async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
        self.events.append("start")

    async def on_stop(self) -> None:  # type: ignore[override]  # Pykka says None
        self.events.append("stop")

    def on_failure(self, *_: object) -> None:
        self.events.append("failure")

    @handles(int)
    def number(self, message: int) -> int:
        self.events.append(message)
        return message

    @handles(float)
    async def nap(self, seconds: float) -> float:
        self.events.append(f"nap {seconds}")
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.events.append("cancelled")
            raise
        self.events.append("awake")
        return seconds

    @handles(str)
    def fail(self, message: str) -> None:
        raise ValueError(message)

    @handles(bytes)
    async def fail_later(self, message: bytes) -> None:
        await asyncio.sleep(0)
        raise ValueError(message)


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


async def test_an_actor_that_asks_itself_is_told_at_once() -> None:
    class Selfish(Actor):
        @handles(int)
        async def outer(self, _: int) -> object:
            return await self.ask(self.actor_ref, "inner")

        @handles(str)
        def inner(self, message: str) -> str:
            return message

        @handles(float, reentrant=True)
        async def reentrant(self, _: float) -> object:
            return await self.ask(self.address, "inner")

    async with Bus() as bus:
        ref = bus.spawn(Selfish, name="selfish")
        loop = asyncio.get_running_loop()
        before = loop.time()
        with pytest.raises(RemoteError) as caught:
            await bus.ask(ref, 1)
        assert isinstance(caught.value.__cause__, WouldDeadlock)
        assert "selfish" in str(caught.value)
        assert loop.time() == before
        assert await bus.ask(ref, 1.5) == "inner"


async def test_an_actor_that_asks_itself_in_on_start_fails_to_start() -> None:
    class Selfish(Log):
        async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
            await self.ask(self.actor_ref, 1)

    with pytest.raises(WouldDeadlock):
        async with Bus(reactors=[Selfish]):
            pass


async def test_an_actor_may_tell_itself() -> None:
    class Loop(Log):
        @handles(int)
        async def number(self, message: int) -> int:  # type: ignore[override]  # async here
            self.events.append(message)
            if message:
                await self.tell(self.actor_ref, message - 1)
            return message

    async with Bus() as bus:
        ref = bus.spawn(Loop)
        await bus.ask(ref, 3)
        await bus.ask(ref, 0)
        await bus.ask(ref, 0)
        assert inside(ref).events == ["start", 3, 0, 2, 0, 1] or 2 in inside(ref).events


@pytest.mark.usefixtures("_no_log_is_kept")
async def test_an_ask_from_a_def_handler_that_nobody_awaits_fails_without_asyncio_noise(turns: Turns) -> None:
    class Careless(Actor):
        def __init__(self, to: Ref[Log]) -> None:
            super().__init__()
            self.to = to

        @handles(int)
        def send(self, _: int) -> None:
            self.ask(self.to, "fail")

    noise: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))
    async with Bus() as bus, bus.subscribe(DeadLetter) as letters:
        log = bus.spawn(Log)
        await bus.ask(bus.spawn(Careless, log), 1)
        assert await bus.ask(log, 1) == 1
        gc.collect()  # the failure's traceback and the ask hold each other
        await turns()
        letter = letters.get_nowait()
        assert letter is not None
        assert (letter.message, letter.reason) == ("fail", "unheard")
    assert not noise


class Shy:
    """A message that does not say what it is, from the second time on that it is asked."""

    def __init__(self) -> None:
        self._asked = 0

    @property
    def __class__(self) -> type:
        self._asked += 1
        if self._asked > 1:
            raise RuntimeError("who wants to know?")
        return Shy

    @__class__.setter
    def __class__(self, value: type) -> None: ...


class Echoes(Actor):
    def on_receive(self, message: object) -> object:
        return message


class Awaits(Actor):
    """Its handler is awaited, so that a task takes its messages from the first one on."""

    async def on_receive(self, message: object) -> object:
        await asyncio.sleep(0)
        return message


@pytest.mark.parametrize("made", [Echoes, Awaits])
async def test_a_fault_outside_of_any_handler_is_a_failure_of_the_actor_and_it_goes_on(made: type[Actor]) -> None:
    async with Bus() as bus, bus.subscribe(ActorFailed) as failures:
        ref = bus.spawn(made, supervision=Supervision(directive=Directive.RESUME))
        assert await bus.ask(ref, 1) == 1
        await bus.tell(ref, Shy())
        assert await bus.ask(ref, 2) == 2
        failure = await failures.get()
        assert isinstance(failure.error, RuntimeError)


async def test_a_fault_outside_of_any_handler_is_not_the_answer_to_what_was_put_aside() -> None:
    class PutsAside(Actor):
        def on_receive(self, message: object) -> object:
            if message == "later":
                self.put_aside()
            elif message == "now":
                self.take_up()
            return message

    async with Bus() as bus:
        ref = bus.spawn(PutsAside, supervision=Supervision(directive=Directive.RESUME))
        await bus.started(ref)
        later = bus.ask(ref, "later")
        await bus.tell(ref, Shy())
        await bus.tell(ref, "again")
        assert await bus.ask(ref, "and again") == "and again"
        assert isinstance(later, AskFuture)
        assert not later.done()
        later.cancel()


async def test_an_asker_that_goes_before_it_is_told_of_its_deadline_counts_as_gone() -> None:
    class Waits(Actor):
        async def on_receive(self, message: object) -> None:
            await asyncio.Event().wait()

    async with Bus(shutdown_timeout=0.0) as bus:
        ref = bus.spawn(Waits)
        await bus.started(ref)
        loop = asyncio.get_running_loop()
        await asyncio.sleep(SLOT - loop.time() % SLOT)  # deadlines are told at the end of a slot
        ask = bus.ask(ref, 1, timeout=SLOT / 4)
        await asyncio.sleep(SLOT / 2)
        assert isinstance(ask, AskFuture)
        assert ask.cancel()
        await asyncio.sleep(SLOT)
        assert ref.statistics().undone == {"cancelled": 1}


@pytest.mark.usefixtures("_no_log_is_kept")
async def test_asks_that_failed_are_not_kept(turns: Turns) -> None:
    async with Bus() as bus:
        ref = bus.spawn(Log)
        left: list[weakref.ref[object]] = []
        for message in ("fail", b"fail", "fail"):
            ask = bus.ask(ref, message)
            left.append(weakref.ref(ask))
            with pytest.raises(RemoteError):
                await ask
            del ask
        await bus.ask(ref, 1)
        await turns()
        gc.collect()
        assert [each() for each in left] == [None] * 3


async def test_a_tell_from_a_def_handler_that_finds_no_room_is_a_dead_letter() -> None:
    class Tiny(Log):
        mailbox_limit = 1

    class Flood(Actor):
        def __init__(self, to: Ref[Log]) -> None:
            super().__init__()
            self.to = to

        @handles(int)
        def flood(self, n: int) -> None:
            for i in range(n):
                self.tell(self.to, i)

    async with Bus() as bus, bus.subscribe(DeadLetter) as letters:
        tiny = bus.spawn(Tiny)
        await bus.ask(bus.spawn(Flood, tiny), 3)
        assert [(await letters.get()).reason for _ in range(2)] == ["mailbox_full"] * 2
        stats = tiny.statistics()
        assert stats.sent == stats.delivered + sum(stats.failed.values()) + stats.waiting
        assert stats.failed == {"mailbox_full": 2}


# Failures and restarts.


async def test_a_failed_tell_rebuilds_the_actor_and_keeps_its_mailbox() -> None:
    events: list[object] = []
    async with Bus() as bus, bus.subscribe(DeadLetter) as letters:
        ref = bus.spawn(Log, events, supervision=NOW)
        for message in (1, "poison", 2, b"poison", 3):
            await bus.tell(ref, message)
        assert await bus.ask(ref, 4) == 4
        assert events == ["start", 1, "failure", "start", 2, "failure", "start", 3, 4]
        assert [(await letters.get()).message for _ in range(2)] == ["poison", b"poison"]


async def test_a_failure_beside_a_parked_task_leaves_one_task(turns: Turns) -> None:
    class Detached(Log):
        @handles(dict, reentrant=True)
        async def fail_beside(self, _: dict[str, str]) -> None:
            await asyncio.sleep(1)
            raise ValueError

    async with Bus() as bus:
        ref = bus.spawn(Detached, supervision=NOW)
        await bus.ask(ref, 0.1)  # from now on a task takes the messages
        await bus.tell(ref, {})
        await asyncio.sleep(5)
        assert await bus.ask(ref, 0.1) == 0.1
        assert await bus.ask(ref, 1) == 1
        tasks = [task for task in asyncio.all_tasks() if "detached" in task.get_name()]
        assert len(tasks) <= 1


async def test_handlers_of_the_incarnation_that_failed_end_with_it() -> None:
    class Detached(Log):
        @handles(dict, reentrant=True)
        async def nap_beside(self, _: dict[str, str]) -> None:
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                self.events.append("ended")
                raise

    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Detached, events, supervision=NOW)
        beside = bus.ask(ref, {}, timeout=200)
        await asyncio.sleep(1)
        await bus.tell(ref, "fail")
        with pytest.raises(ActorStopped):
            await beside
        assert await bus.ask(ref, 1) == 1
        assert events == ["start", "failure", "ended", "start", 1]


async def test_a_reply_error_does_not_restart_the_actor() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Log)
        with pytest.raises(RemoteError) as caught:
            await bus.ask(ref, "reason")
        assert caught.value.code == "ValueError"
        assert isinstance(caught.value.__cause__, ValueError)
        assert await bus.ask(ref, 1) == 1
        assert "failure" not in inside(ref).events


async def test_resume_goes_on_with_the_state_as_it_is() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Log, supervision=Supervision(directive=Directive.RESUME))
        for message in (1, "fail", b"fail", 2):
            await bus.tell(ref, message)
        assert await bus.ask(ref, 3) == 3
        assert inside(ref).events == ["start", 1, 2, 3]


async def test_stop_ends_a_failed_actor_without_on_stop() -> None:
    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Log, events, supervision=Supervision(directive=Directive.STOP))
        await bus.tell(ref, "fail")
        with pytest.raises(ActorStopped):
            await bus.ask(ref, 1)
        assert events == ["start", "failure"]
        assert not ref.is_alive()


async def test_a_spent_budget_stops_the_actor() -> None:
    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Log, events, supervision=Supervision(budget=2, backoff=1))
        for _ in range(3):
            await bus.tell(ref, "fail")
        with pytest.raises(ActorStopped):
            await bus.ask(ref, 1, timeout=60)
        assert events == ["start", "failure"] * 3


async def test_the_backoff_passes_on_the_loops_clock() -> None:
    async with Bus() as bus:
        loop = asyncio.get_running_loop()
        ref = bus.spawn(Log, supervision=Supervision(backoff=2.0))
        await bus.tell(ref, "fail")
        before = loop.time()
        assert await bus.ask(ref, 1) == 1
        assert 2.0 <= loop.time() - before < 2.1


# Ends.


async def test_stop_handles_what_was_sent_before_and_refuses_the_rest() -> None:
    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Log, events)
        asks = [bus.ask(ref, message) for message in (1, 0.5, 2)]
        stopped = ref.stop(block=False)
        late = bus.ask(ref, 3)
        assert [await ask for ask in asks] == [1, 0.5, 2]
        assert await stopped is True
        with pytest.raises(ActorStopped):
            await late
        assert events == ["start", 1, "nap 0.5", "awake", 2, "stop"]
        assert await ref.stop(block=False) is False


async def test_kill_cancels_the_handler_and_refuses_what_waits() -> None:
    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Log, events)
        handling, waiting = bus.ask(ref, 100.0, timeout=200), bus.ask(ref, 1)
        await asyncio.sleep(1)
        ref._cell.kill("test")
        for ask in (handling, waiting):
            with pytest.raises(ActorStopped):
                await ask
        await asyncio.sleep(1)
        assert events == ["start", "nap 100.0", "cancelled", "stop"]
        assert ref._cell.reason == "test"


async def test_kill_between_two_batches_is_not_lost() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Log)
        actor = inside(ref)
        await bus.ask(ref, 0.0)
        for i in range(200):
            await bus.tell(ref, i)
        await asyncio.sleep(0)
        ref._cell.kill("test")
        await asyncio.sleep(1)
        assert not ref.is_alive()
        assert 199 not in actor.events


@pytest.mark.parametrize("when", ["parked", "new", "idle"])
async def test_kill_of_an_actor_that_does_nothing(when: str) -> None:
    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Log, events)
        if when == "parked":
            await bus.ask(ref, 0.1)
        elif when == "idle":
            await bus.ask(ref, 1)
        ref._cell.kill("test")
        await asyncio.sleep(1)
        assert not ref.is_alive()
        assert (events[-1:] == ["stop"]) is (when != "new")


async def test_kill_of_a_handler_that_swallows_cancellation_or_raises_something_else() -> None:
    class Stubborn(Log):
        @handles(float)
        async def nap(self, seconds: float) -> float:
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:
                if seconds > 50:
                    raise KeyError(seconds) from None
            return seconds

    for seconds in (20.0, 60.0):
        async with Bus() as bus:
            ref = bus.spawn(Stubborn, supervision=NOW)
            actor = inside(ref)
            await bus.tell(ref, seconds)
            await asyncio.sleep(1)
            ref._cell.kill("test")
            await asyncio.sleep(1)
            assert not ref.is_alive()
            assert actor.events == ["start", "stop"]


async def test_kill_while_an_async_on_start_runs() -> None:
    class Slow(Log):
        async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
            await asyncio.sleep(100)

    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Slow, events)
        ask = bus.ask(ref, 1)
        await asyncio.sleep(1)
        ref._cell.kill("test")
        with pytest.raises(ActorStopped):
            await ask
        assert events == []


async def test_kill_while_a_restarted_actor_runs_on_start() -> None:
    class SlowSecond(Log):
        async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
            self.events.append("start")
            if len(self.events) > 1:
                await asyncio.sleep(100)

    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(SlowSecond, events, supervision=NOW)
        await bus.tell(ref, "fail")
        await asyncio.sleep(1)
        assert events == ["start", "failure", "start"]
        ref._cell.kill("test")
        await asyncio.sleep(1)
        assert not ref.is_alive()
        assert events == ["start", "failure", "start"]


async def test_kill_during_a_backoff_ends_at_once_without_on_stop() -> None:
    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Log, events, supervision=Supervision(backoff=5.0))
        await bus.tell(ref, "fail")
        await bus.tell(ref, 1)
        await asyncio.sleep(1)
        ref._cell.kill("test")
        await asyncio.sleep(10)
        assert not ref.is_alive()
        assert events == ["start", "failure"]


async def test_stop_during_a_backoff_waits_for_the_restart_only_if_messages_wait(turns: Turns) -> None:
    events: list[object] = []
    async with Bus() as bus:
        idle = bus.spawn(Log, supervision=Supervision(backoff=5.0))
        await bus.tell(idle, "fail")
        await asyncio.sleep(1)
        stopped = idle.stop(block=False)
        await turns()
        assert stopped.done()
        busy = bus.spawn(Log, events, supervision=Supervision(backoff=5.0))
        await bus.tell(busy, "fail")
        await bus.tell(busy, 1)
        await asyncio.sleep(1)
        assert await busy.stop(block=False) is True
        assert events == ["start", "failure", "start", 1, "stop"]


async def test_kill_cuts_an_on_stop_that_hangs() -> None:
    class Hangs(Log):
        async def on_stop(self) -> None:  # type: ignore[override]  # Pykka says None
            self.events.append("stopping")
            await asyncio.sleep(1000)

    async with Bus() as bus:
        ref = bus.spawn(Hangs)
        actor = inside(ref)
        stopped = ref.stop(block=False)
        await asyncio.sleep(1)
        assert not stopped.done()
        ref._cell.kill("test")
        assert await stopped is True
        assert actor.events == ["start", "stopping"]


async def test_stop_waits_for_reentrant_handlers() -> None:
    class Detached(Log):
        @handles(dict, reentrant=True)
        async def nap_beside(self, _: dict[str, str]) -> str:
            await asyncio.sleep(3)
            self.events.append("done")
            return "done"

    async with Bus() as bus:
        ref = bus.spawn(Detached)
        actor = inside(ref)
        ask = bus.ask(ref, {})
        await bus.ask(ref, 1)
        assert await ref.stop(block=False) is True
        assert await ask == "done"
        assert actor.events == ["start", 1, "done", "stop"]


async def test_a_stop_while_the_mailbox_is_full_and_senders_wait_refuses_the_senders() -> None:
    class Tiny(Log):
        mailbox_limit = 1

    async with Bus() as bus:
        ref = bus.spawn(Tiny)
        await bus.tell(ref, 1)
        waiting = asyncio.ensure_future(_awaited(bus.tell(ref, 2)))
        await asyncio.sleep(0)
        stopped = ref.stop(block=False)
        assert await stopped is True
        with pytest.raises(ActorStopped):
            await waiting


# Stash, timers, children, watches.


class Door(Actor):
    """Puts messages aside until it is opened."""

    def __init__(self, seen: list[object]) -> None:
        super().__init__()
        self.seen = seen
        self.is_open = False

    @handles(int)
    def number(self, message: int) -> int | None:
        if not self.is_open:
            self.put_aside()
            return None
        self.seen.append(message)
        return message * 10

    @handles(float)
    async def later(self, message: float) -> float | None:
        await asyncio.sleep(0)
        if not self.is_open:
            self.put_aside()
            return None
        self.seen.append(message)
        return message * 10

    @handles(str)
    def open(self, message: str) -> None:
        if message == "fail":
            raise ValueError
        self.is_open = True
        self.take_up()


async def test_what_was_put_aside_is_handled_first_and_answered_then() -> None:
    seen: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Door, seen)
        asks = [bus.ask(ref, message) for message in (1, 2.0, 3)]
        await bus.tell(ref, "open")
        last = bus.ask(ref, 4)
        assert [await ask for ask in (*asks, last)] == [10, 20.0, 30, 40]
        assert seen == [1, 2.0, 3, 4]


async def test_a_deadline_of_a_message_put_aside_does_not_harm_the_actor() -> None:
    seen: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Door, seen)
        with pytest.raises(DeadlineExceeded):
            await bus.ask(ref, 2.0, timeout=1)
        await bus.tell(ref, "open")
        assert await bus.ask(ref, 3) == 30
        assert seen == [3]


async def test_what_was_put_aside_is_refused_when_the_actor_stops() -> None:
    async with Bus() as bus, bus.subscribe(DeadLetter) as letters:
        ref = bus.spawn(Door, [])
        ask = bus.ask(ref, 1)
        await ref.stop(block=False)
        with pytest.raises(ActorStopped):
            await ask
        assert (await letters.get()).message == 1


async def test_what_was_put_aside_outlives_a_restart() -> None:
    seen: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Door, seen, supervision=NOW)
        ask = bus.ask(ref, 1)
        await bus.tell(ref, "fail")
        await bus.tell(ref, "open")
        assert await ask == 10


async def test_timers_die_with_the_incarnation_that_set_them() -> None:
    class Ticks(Log):
        async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
            self.events.append("start")
            self.every(1.0, 1)
            self.after(0.5, 2)

    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Ticks, events, supervision=Supervision(backoff=10.0))
        await asyncio.sleep(2.2)
        assert events == ["start", 2, 1, 1]
        await bus.tell(ref, "fail")
        await asyncio.sleep(9)
        assert events == ["start", 2, 1, 1, "failure"]
        await asyncio.sleep(2.5)
        assert events[5:] == ["start", 2, 1]
        ref.stop(block=False)
        await asyncio.sleep(10)
        assert events[8:] == ["stop"]


async def test_a_tick_without_room_is_missed_but_an_appointment_is_kept() -> None:
    class Tiny(Log):
        mailbox_limit = 1

        @handles(dict)
        async def start_timers(self, _: dict[str, str]) -> None:
            self.ticker = self.every(1.0, 1)
            self.after(1.5, 2)
            await asyncio.sleep(3.5)

    async with Bus() as bus:
        ref = bus.spawn(Tiny)
        await bus.tell(ref, {})
        await asyncio.sleep(0.1)
        await bus.tell(ref, 7)
        await asyncio.sleep(3.6)
        actor = inside(ref)
        assert actor.events == ["start", 2, 7]
        assert actor.ticker.missed == 3
        actor.ticker.cancel()
        actor.ticker.cancel()
        assert not actor.ticker.active


class Parent(Log):
    """Has two children."""

    def __init__(self, events: list[object], *, grandchildren: bool = False) -> None:
        super().__init__(events)
        self.grandchildren = grandchildren

    async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
        self.events.append("start")
        for name in ("one", "two"):
            kind = Parent if self.grandchildren else Child
            self.spawn(kind, self.events, name=f"{self}.{name}")

    async def on_stop(self) -> None:  # type: ignore[override]  # Pykka says None
        self.events.append("stop")


class Child(Log):
    """Takes a while to stop."""

    async def on_stop(self) -> None:  # type: ignore[override]  # Pykka says None
        await asyncio.sleep(1)
        self.events.append("child stop")


async def test_children_stop_before_their_parent() -> None:
    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Parent, events, name="parent", grandchildren=True)
        await asyncio.sleep(1)
        assert await ref.stop(block=False) is True
        assert events[-7:] == [*["child stop"] * 4, "stop", "stop", "stop"]
        assert bus.cell("parent.one.two") is None


async def test_a_restarted_parent_gets_new_children_once_the_old_ones_have_ended() -> None:
    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Parent, events, name="parent", supervision=NOW)
        await asyncio.sleep(1)
        old = bus.cell("parent.one")
        await bus.tell(ref, "fail")
        assert await bus.ask(ref, 1) == 1
        assert bus.cell("parent.one") not in (None, old)
        assert events[:8] == ["start"] * 3 + ["failure", "child stop", "child stop", "start", 1]


async def test_a_kill_reaches_children_also_when_the_parent_waits_for_them() -> None:
    class Hangs(Child):
        async def on_stop(self) -> None:  # type: ignore[override]  # Pykka says None
            await asyncio.sleep(1000)

    class Waits(Log):
        async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
            self.spawn(Hangs, self.events, name="hangs")

    async with Bus() as bus:
        ref = bus.spawn(Waits)
        await asyncio.sleep(1)
        stopped = ref.stop(block=False)
        await asyncio.sleep(1)
        ref._cell.kill("test")
        assert await stopped is True
        assert bus.cell("hangs") is None


async def test_a_failure_is_escalated_to_the_parent_and_from_there_to_the_bus() -> None:
    class Escalates(Log):
        supervision = Supervision(directive=Directive.ESCALATE)

        async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
            if not isinstance(self, Inner):
                self.inner = self.spawn(Inner, self.events)

        @handles(int)
        def number(self, message: int) -> int:
            self.inner.tell("fail")
            return message

    class Inner(Escalates):
        pass

    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Escalates, events)
        assert await bus.ask(ref, 1) == 1
        await bus.wait_stopped()
        assert isinstance(bus.life.escalation, ValueError)
        assert events == ["failure", "failure"]


class Watcher(Actor):
    """Notes who has terminated."""

    def __init__(self, *targets: object) -> None:
        super().__init__()
        self.targets = targets
        self.gone: list[Terminated] = []

    def on_start(self) -> None:
        for target in self.targets:
            self.watch(target)  # type: ignore[arg-type]  # what the test gives

    @handles(Terminated)
    def ended(self, message: Terminated) -> None:
        self.gone.append(message)

    @handles(Ref)
    def forget(self, ref: Ref[Actor]) -> None:
        self.unwatch(ref)


async def test_watchers_hear_of_an_end_and_not_of_a_restart() -> None:
    async with Bus() as bus:
        log = bus.spawn(Log, name="log", supervision=NOW)
        watcher = bus.spawn(Watcher, log)
        await bus.tell(log, "fail")
        assert await bus.ask(log, 1) == 1
        assert inside(watcher).gone == []
        await log.stop(block=False)
        await asyncio.sleep(1)
        assert inside(watcher).gone == [Terminated(LOCAL / "log", "stopped")]


async def test_watching_who_is_dead_or_was_never_there_tells_at_once() -> None:
    async with Bus() as bus:
        log = bus.spawn(Log, name="log")
        await log.stop(block=False)
        watcher = bus.spawn(Watcher, log, LOCAL / "nobody")
        await asyncio.sleep(1)
        assert inside(watcher).gone == [
            Terminated(LOCAL / "log", "stopped"),
            Terminated(LOCAL / "nobody", "no_such_reactor"),
        ]


async def test_an_unwatched_actor_ends_unheard_and_a_watcher_that_ends_is_forgotten() -> None:
    async with Bus() as bus:
        log = bus.spawn(Log)
        watcher, other = bus.spawn(Watcher, log), bus.spawn(Watcher, log)
        await asyncio.sleep(1)
        await bus.tell(watcher, log)
        await other.stop(block=False)
        await asyncio.sleep(1)
        assert not log._cell.watchers
        await log.stop(block=False)
        await asyncio.sleep(1)
        assert inside(watcher).gone == []


async def test_on_receive_hears_terminated_where_no_handler_does() -> None:
    class Plain(Actor):
        def __init__(self, target: Ref[Log]) -> None:
            super().__init__()
            self.target = target
            self.got: list[object] = []

        def on_start(self) -> None:
            self.watch(self.target)

        def on_receive(self, message: object) -> None:
            self.got.append(message)

    async with Bus() as bus:
        log = bus.spawn(Log)
        plain = bus.spawn(Plain, log)
        await asyncio.sleep(1)
        await log.stop(block=False)
        await asyncio.sleep(1)
        assert [type(message) for message in inside(plain).got] == [Terminated]


# What a sender has does not reach a receiver.

COLOUR: ContextVar[str] = ContextVar("COLOUR", default="none")


async def test_context_variables_of_a_sender_do_not_reach_handlers() -> None:
    class Looks(Actor):
        @handles(int)
        def now(self, _: int) -> str:
            return COLOUR.get()

        @handles(float)
        async def later(self, _: float) -> str:
            await asyncio.sleep(0)
            return COLOUR.get()

        @handles(str, reentrant=True)
        async def beside(self, _: str) -> str:
            await asyncio.sleep(0)
            return COLOUR.get()

    async with Bus() as bus:
        ref = bus.spawn(Looks)
        COLOUR.set("red")
        for message in (1, 1.0, "x", 1):
            assert await bus.ask(ref, message) == "none"


async def test_an_unhandled_message_is_refused_to_its_asker_and_a_dead_letter_else() -> None:
    async with Bus() as bus, bus.subscribe(DeadLetter) as letters:
        ref = bus.spawn(Log)
        with pytest.raises(TypeError, match="no handler of a list"):
            await bus.ask(ref, [])
        await bus.tell(ref, [])
        assert [(await letters.get()).reason for _ in range(2)] == ["message_type"] * 2
        assert await bus.ask(ref, 1) == 1


class Numbers(Reactor):
    """A reactor whose mailbox holds two."""

    channel = Channel("numbers", messages=(DeadLetter,), mailbox=2, overflow=Overflow.REJECT)

    @handles(DeadLetter)
    async def wait(self, _: DeadLetter) -> None:
        await asyncio.sleep(1)


async def test_outsiders_that_cancel_the_task_of_an_actor_end_the_actor(turns: Turns) -> None:
    async with Bus() as bus:
        ref = bus.spawn(Log, name="victim")
        ask = bus.ask(ref, 5.0)
        await turns()
        for task in asyncio.all_tasks():
            if "victim" in task.get_name():
                task.cancel()
        with pytest.raises(ActorStopped):
            await ask
        assert not ref.is_alive()


async def test_an_actor_whose_async_handlers_never_suspend_lets_others_have_their_turn() -> None:
    class Busy(Actor):
        """Goes round for ever: there is always a next message, and nothing to wait for."""

        handled = 0

        async def on_receive(self, message: object) -> None:
            self.handled += 1
            await self.tell(self.address, message)

    async with Bus(shutdown_timeout=0.0) as bus:
        busy = bus.spawn(Busy)
        await bus.tell(busy, "go")
        turns = 0
        while busy.statistics().sent < 10 * BATCH:
            await asyncio.sleep(0)
            turns += 1
        assert turns >= 5
        busy._cell.kill("it would never end")


NOTED: ContextVar[str] = ContextVar("noted", default="nothing")


class Noting(Actor):
    """Sets a context variable, and says what it finds there."""

    def on_receive(self, message: object) -> object:
        before = NOTED.get()
        NOTED.set(str(message))
        return before


async def test_a_context_variable_that_a_handler_sets_is_not_seen_by_another_actor() -> None:
    async with Bus("test") as bus:
        one, other = bus.spawn(Noting), bus.spawn(Noting)
        assert await bus.ask(one, "from one") == "nothing"
        assert await bus.ask(other, "from the other") == "nothing"
        assert NOTED.get() == "nothing"


async def test_a_tell_of_pykkas_own_messages_reaches_an_actor_with_on_receive() -> None:
    async with Bus("test") as bus:
        ref = bus.spawn(Noting)
        await bus.tell(ref, ProxySetAttr(("told",), "so"))
        assert await bus.ask(ref, ProxyGetAttr(("told",))) == "so"
