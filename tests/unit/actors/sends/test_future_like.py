"""Every kind of outcome, with everything of asyncio that takes something to await."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from kinds_of_outcomes import KINDS, Held, Hold, Number, Twice, ask_waiting, plain

from peerbus.actors import (
    LOCAL,
    Bus,
    Capability,
)
from peerbus.actors.sends.combined import Gathered
from peerbus.actors.sends.reply_future import ReplyFuture


@pytest.fixture
async def bus() -> AsyncIterator[Bus]:
    async with Bus(reactors=[Twice, Held]) as made:
        made.offer([Capability("r")])
        yield made


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
    "await": plain,
    "gather": _gather,
    "wait_for": lambda outcome: asyncio.wait_for(outcome, 10),
    "shield": lambda outcome: plain(asyncio.shield(outcome)),
    "ensure_future": lambda outcome: plain(asyncio.ensure_future(outcome)),
    "as_completed": _as_completed,
    "wait": _wait,
    "wait, first completed": _wait_first,
    "wait, first exception": _wait_for_failure,
    "wait of ensure_future": lambda outcome: _wait(asyncio.ensure_future(outcome)),
    "create_task": lambda outcome: plain(asyncio.create_task(outcome.coroutine())),
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
    outcome: Any = ask_waiting(bus)
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
    assert [asyncio.run(wait()), asyncio.run(plain(future))] == [7, 7]
