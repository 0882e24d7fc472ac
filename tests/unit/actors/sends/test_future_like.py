"""Every kind of outcome, with everything of asyncio that takes something to await."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from peerbus.actors import (
    LOCAL,
    Actor,
    Bus,
    Capability,
    Channel,
    NoSuchReactor,
    Outcome,
    Reactor,
    RemoteError,
    Role,
    handles,
)
from peerbus.actors.routing.deferred import Deferred
from peerbus.actors.routing.role_ask import RoleAsk
from peerbus.actors.sends.ask import AskFuture, AskWaiting
from peerbus.actors.sends.combined import Gathered
from peerbus.actors.sends.outcome import DELIVERED, GAVE_WAY, Delivered, FailedOutcome, GaveWay
from peerbus.actors.sends.reply_future import ReplyFuture
from peerbus.actors.sends.thread_wait import ForeignWaiting
from peerbus.actors.sends.waiting import Waiting


@dataclass(frozen=True)
class Number:
    value: int


@dataclass(frozen=True)
class Why:
    text: str


@dataclass(frozen=True)
class Hold:
    pass


class Twice(Reactor):
    channel = Channel("twice", messages=(Number, Why), idempotent=(Number,), mailbox=1)

    @handles(Number)
    async def double(self, message: Number) -> int:
        await asyncio.sleep(0)
        return 2 * message.value

    @handles(Why)
    def refuse(self, message: Why) -> None:
        raise RemoteError("no", message.text)


class Late(Twice):
    channel = Channel("late", messages=(Number, Why))


class Held(Reactor):
    """On a thread that is held up until it is let go."""

    channel = Channel("held", messages=(Number, Hold), mailbox=1)
    dispatcher = "thread"

    def __init__(self) -> None:
        super().__init__()
        self.began, self.go = threading.Event(), threading.Event()

    @handles(Number)
    def double(self, message: Number) -> int:
        return 2 * message.value

    @handles(Hold)
    def hold(self, _: Hold) -> None:
        self.began.set()
        self.go.wait(10)


@pytest.fixture
async def bus() -> AsyncIterator[Bus]:
    async with Bus(reactors=[Twice, Held]) as made:
        made.offer([Capability("r")])
        yield made


def _waiting(bus: Bus) -> Outcome[Any]:
    assert bus.tell(LOCAL / "twice", Number(1)) is DELIVERED
    return bus.tell(LOCAL / "twice", Number(4))


def _ask_waiting(bus: Bus) -> Outcome[Any]:
    assert bus.tell(LOCAL / "twice", Number(1)) is DELIVERED
    return bus.ask(LOCAL / "twice", Number(4))


def _foreign(bus: Bus) -> Outcome[Any]:
    cell = bus.cell("held")
    assert cell is not None
    actor = cell.actor
    assert isinstance(actor, Held)
    assert bus.tell(LOCAL / "held", Hold()) is DELIVERED
    assert actor.began.wait(10)
    assert bus.tell(LOCAL / "held", Number(1)) is DELIVERED
    outcome = bus.tell(LOCAL / "held", Number(4))
    actor.go.set()
    return outcome


def _deferred(bus: Bus) -> Outcome[Any]:
    outcome = bus.ask(LOCAL / "late", Number(4), wait_for_peer=True)
    asyncio.get_running_loop().call_later(0.01, lambda: bus.spawn(Late))
    return outcome


def _bridged(bus: Bus) -> Outcome[Any]:
    made: list[Outcome[Any]] = []
    thread = threading.Thread(target=lambda: made.append(bus.ask(LOCAL / "twice", Number(4))))
    thread.start()
    thread.join()
    return made[0]


def _of_ref(bus: Bus) -> Any:
    cell = bus.cell("twice")
    assert cell is not None
    assert cell.ref is not None
    return cell.ref.ask(Number(4), block=False)


#: How to get one of each kind, its class, and what awaiting it gives, or the class of what it raises.
KINDS: dict[str, tuple[Callable[[Bus], Outcome[Any]], type, object]] = {
    "delivered": (lambda bus: bus.tell(LOCAL / "twice", Number(4)), Delivered, None),
    "delivered, after others": (lambda bus: GAVE_WAY, GaveWay, None),
    "failed": (lambda bus: bus.tell(LOCAL / "nobody", Number(4)), FailedOutcome, NoSuchReactor),
    "a tell that waits": (_waiting, Waiting, None),
    "a tell that waits for a thread": (_foreign, ForeignWaiting, None),
    "an ask": (lambda bus: bus.ask(LOCAL / "twice", Number(4)), AskFuture, 8),
    "an ask that is refused": (lambda bus: bus.ask(LOCAL / "twice", Why("not")), AskFuture, RemoteError),
    "an ask that waits": (_ask_waiting, AskWaiting, 8),
    "an ask of a thread": (lambda bus: bus.ask(LOCAL / "held", Number(4)), AskFuture, 8),
    "an ask of a ref": (_of_ref, ReplyFuture, 8),
    "an ask of a ref, mapped": (lambda bus: _of_ref(bus).map(str), ReplyFuture, "8"),
    "an ask from a thread": (_bridged, ReplyFuture, 8),
    "an ask of several": (lambda bus: bus.ask(Role("r", "all") / "twice", Number(4)), Gathered, {"local": 8}),
    "an ask of one of a role's": (lambda bus: bus.ask(Role("r") / "twice", Number(4)), RoleAsk, 8),
    "an ask that waits for a peer": (_deferred, Deferred, 8),
}


async def _plain(outcome: Any) -> object:
    return await outcome


async def _gather(outcome: Any) -> object:
    return (await asyncio.gather(outcome, asyncio.sleep(0)))[0]


async def _as_completed(outcome: Any) -> object:
    for first in asyncio.as_completed([outcome]):
        return await first
    return None


async def _wait(outcome: Any) -> object:
    done, pending = await asyncio.wait([outcome])
    assert (done, pending) == ({outcome}, set())
    assert outcome.done()
    assert not outcome.cancelled()
    error = outcome.exception()
    if error is not None:
        with pytest.raises(type(error)):
            outcome.result()
        raise error
    assert await outcome == outcome.result()
    return outcome.result()


async def _wait_first(outcome: Any) -> object:
    never = asyncio.get_running_loop().create_future()
    done, pending = await asyncio.wait([never, outcome], return_when=asyncio.FIRST_COMPLETED)
    assert (done, pending) == ({outcome}, {never})
    return done.pop().result()


async def _wait_for_failure(outcome: Any) -> object:
    await asyncio.wait([outcome], return_when=asyncio.FIRST_EXCEPTION)
    return outcome.result()


async def _task_group(outcome: Any) -> object:
    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(outcome.coroutine())
    except BaseExceptionGroup as raised:
        raise raised.exceptions[0] from None
    return task.result()


async def _from_another_thread(outcome: Any) -> object:
    loop = asyncio.get_running_loop()

    def wait() -> object:
        return asyncio.run_coroutine_threadsafe(outcome.coroutine(), loop).result(10)

    return await asyncio.to_thread(wait)


WAYS: dict[str, Callable[[Any], Awaitable[object]]] = {
    "await": _plain,
    "gather": _gather,
    "wait_for": lambda outcome: asyncio.wait_for(outcome, 10),
    "shield": lambda outcome: _plain(asyncio.shield(outcome)),
    "ensure_future": lambda outcome: _plain(asyncio.ensure_future(outcome)),
    "as_completed": _as_completed,
    "wait": _wait,
    "wait, first completed": _wait_first,
    "wait, first exception": _wait_for_failure,
    "wait of ensure_future": lambda outcome: _wait(asyncio.ensure_future(outcome)),
    "create_task": lambda outcome: _plain(asyncio.create_task(outcome.coroutine())),
    "TaskGroup.create_task": _task_group,
    "run_coroutine_threadsafe": _from_another_thread,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
async def test_asyncio_takes_every_kind_of_outcome(bus: Bus, kind: str, way: str) -> None:
    make, of, expected = KINDS[kind]
    outcome = make(bus)
    assert isinstance(outcome, of)
    if isinstance(expected, type):
        with pytest.raises(expected):
            await WAYS[way](outcome)
        return
    found = await WAYS[way](outcome)
    assert (dict(found) if of is Gathered else found) == expected  # type: ignore[call-overload]  # results of several


@pytest.mark.parametrize("kind", KINDS)
async def test_what_takes_a_coroutine_alone_says_where_to_get_one(bus: Bus, kind: str) -> None:
    make, _, expected = KINDS[kind]
    outcome = make(bus)
    with pytest.raises(TypeError, match=r"\.coroutine\(\) is what create_task takes"):
        asyncio.create_task(outcome)  # type: ignore[arg-type]  # noqa: RUF006  # that is what is tried
    with pytest.raises(TypeError, match="coroutine"):
        asyncio.run_coroutine_threadsafe(outcome, bus.loop)  # type: ignore[arg-type]  # as above
    if isinstance(expected, type):
        with pytest.raises(expected):
            await outcome
    else:
        await outcome


async def test_sends_that_wait_are_waited_for_all_at_once_and_given_up_one_by_one(bus: Bus) -> None:
    full: list[Any] = [bus.ask(LOCAL / "held", Hold(), timeout=100)]
    cell = bus.cell("held")
    assert cell is not None
    actor = cell.actor
    assert isinstance(actor, Held)
    assert actor.began.wait(10)
    full += [bus.ask(LOCAL / "held", Number(n), timeout=100) for n in range(5)]
    done, pending = await asyncio.wait(full, timeout=0.01)
    assert (done, pending) == (set(), set(full))
    full[5].cancel()
    full[1].cancel()
    actor.go.set()
    done, pending = await asyncio.wait(full)
    assert (done, pending) == (set(full), set())
    assert [each.cancelled() for each in full] == [False, True, False, False, False, True]
    assert [each.result() for each in full[2:5]] == [2, 4, 6]


async def test_an_outcome_that_nobody_has_waited_for_is_not_over(bus: Bus) -> None:
    outcome: Any = _ask_waiting(bus)
    assert not outcome.done()
    assert not outcome.cancelled()
    for look in (outcome.result, outcome.exception):
        with pytest.raises(asyncio.InvalidStateError):
            look()
    called: list[object] = []
    outcome.add_done_callback(called.append)
    outcome.add_done_callback(print)
    assert outcome.remove_done_callback(print) == 1
    assert await outcome == 8
    assert called == [outcome]


def test_a_reply_that_one_loop_waited_for_is_awaited_on_another() -> None:
    future: ReplyFuture[int] = ReplyFuture()

    async def wait() -> int:
        await asyncio.wait([future])  # type: ignore[type-var]  # a type checker wants `ensure_future`
        return await future

    future.succeed(7)
    assert [asyncio.run(wait()), asyncio.run(_plain(future))] == [7, 7]


class Endless(Reactor):
    """Works until it is cancelled."""

    channel = Channel("endless", messages=(Number,), idempotent=(Number,))

    def __init__(self) -> None:
        super().__init__()
        self.began, self.cancelled = asyncio.Event(), asyncio.Event()

    @handles(Number)
    async def work(self, _: Number) -> int:
        self.began.set()
        try:
            await asyncio.get_running_loop().create_future()
            return 0
        finally:
            self.cancelled.set()


@pytest.fixture
async def endless(bus: Bus) -> Endless:
    bus.spawn(Endless)
    cell = bus.cell("endless")
    assert cell is not None
    assert isinstance(cell.actor, Endless)
    return cell.actor


ASKS: dict[str, Callable[[Bus], Outcome[Any]]] = {
    "an ask": lambda bus: bus.ask(LOCAL / "endless", Number(1)),
    "an ask of one of a role's": lambda bus: bus.ask(Role("r") / "endless", Number(1)),
    "a hedged ask": lambda bus: bus.ask(Role("r") / "endless", Number(1), hedge=10),
    "an ask of several": lambda bus: bus.ask(Role("r", "all") / "endless", Number(1)),
    "an ask with a quorum": lambda bus: bus.ask(Role("r", "all") / "endless", Number(1), quorum=1),
    "an ask that waited for a peer": lambda bus: bus.ask(Role("r") / "endless", Number(1), wait_for_peer=True),
}


@pytest.mark.parametrize("kind", ASKS)
async def test_cancelling_an_outcome_that_nobody_has_awaited_ends_the_work(
    bus: Bus, endless: Endless, kind: str
) -> None:
    outcome: Any = ASKS[kind](bus)
    await endless.began.wait()
    assert outcome.cancel()
    await asyncio.wait_for(endless.cancelled.wait(), 1)
    with pytest.raises(asyncio.CancelledError):
        await outcome
    assert outcome.cancelled()


@pytest.mark.parametrize("kind", ASKS)
async def test_cancelling_an_outcome_before_the_first_step_of_its_task_ends_the_work(
    bus: Bus, endless: Endless, kind: str
) -> None:
    outcome: Any = ASKS[kind](bus)
    outcome.add_done_callback(lambda _: None)
    assert outcome.cancel()
    with pytest.raises(asyncio.CancelledError):
        await outcome
    if endless.began.is_set():
        await asyncio.wait_for(endless.cancelled.wait(), 1)


@pytest.mark.parametrize("kind", ASKS)
async def test_cancelling_an_outcome_ends_the_work_that_another_task_awaits(
    bus: Bus, endless: Endless, kind: str
) -> None:
    outcome: Any = ASKS[kind](bus)
    waiting = asyncio.create_task(_plain(outcome))
    await endless.began.wait()
    assert outcome.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.wait_for(endless.cancelled.wait(), 1)


async def test_an_ask_that_waits_for_room_and_is_given_up_is_never_sent(bus: Bus) -> None:
    outcome: Any = _ask_waiting(bus)
    assert outcome.cancel()
    with pytest.raises(asyncio.CancelledError):
        await outcome
    assert outcome._future.cancelled()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("a tell that waits for a thread",)])
async def test_every_kind_of_outcome_may_be_awaited_by_several_and_again(bus: Bus, kind: str) -> None:
    make, of, expected = KINDS[kind]
    outcome = make(bus)
    ends = await asyncio.gather(*(_plain(outcome) for _ in range(3)), return_exceptions=True)
    ends += await asyncio.gather(_plain(outcome), return_exceptions=True)
    for end in ends:
        if isinstance(expected, type):
            assert type(end) is expected
        else:
            assert (dict(end) if of is Gathered else end) == expected  # type: ignore[call-overload]  # as above


@pytest.mark.parametrize("kind", ["an ask of several", "an ask with a quorum", "a hedged ask"])
async def test_one_of_several_that_await_is_cancelled_alone(bus: Bus, endless: Endless, kind: str) -> None:
    outcome: Any = ASKS[kind](bus)
    waiting = [asyncio.create_task(_plain(outcome)) for _ in range(3)]
    await endless.began.wait()
    waiting[1].cancel()
    await asyncio.wait(waiting[1:2])
    assert [task.done() for task in waiting] == [False, True, False]
    assert not endless.cancelled.is_set()
    outcome.cancel()
    await asyncio.wait(waiting)


async def test_a_reply_that_is_done_has_a_result_or_an_exception_whoever_waited_for_it() -> None:
    class Divides(Actor):
        @handles(int)
        def divide(self, message: int) -> float:
            return 1 / message

    async with Bus() as bus:
        ref = bus.spawn(Divides)
        whole, failed = ref.ask(2, block=False), ref.ask(0, block=False)
        both = whole.join(whole)
        for future in (whole, failed, both):
            assert not future.done()
            for look in (future.result, future.exception):
                with pytest.raises(asyncio.InvalidStateError):
                    look()
        await bus.ask(ref, 1)
        for future in (whole, failed, both):
            assert future.done()
        assert (whole.result(), whole.exception()) == (0.5, None)
        assert (both.result(), both.exception()) == ([0.5, 0.5], None)
        assert isinstance(failed.exception(), ZeroDivisionError)
        with pytest.raises(ZeroDivisionError):
            failed.result()
        asked: list[Any] = [ref.ask(1, block=False), ref.ask(2, block=False)]
        done, pending = await asyncio.wait(asked)
        assert not pending
        assert sorted(future.result() for future in done) == [0.5, 1.0]
