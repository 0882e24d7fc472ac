"""The loop without a clock: time that jumps, order from the seed, and no way out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import closing
from contextvars import ContextVar
from random import Random
from typing import Any, TypeVar

import pytest

from peerbus.testing import Deadlocked, EscapedSimulation, VirtualLoop

T = TypeVar("T")


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    with closing(VirtualLoop(Random(1))) as made:
        yield made


def order_of(seed: int, turns: int = 3) -> list[tuple[str, int]]:
    """Who went when, of four tasks that take turns."""
    seen: list[tuple[str, int]] = []

    async def step(name: str) -> None:
        for turn in range(turns):
            seen.append((name, turn))
            await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(*(step(name) for name in "abcd"))

    with closing(VirtualLoop(Random(seed))) as made:
        made.run_until_complete(main())
    return seen


def test_time_begins_at_zero_and_jumps_to_the_next_timer(loop: VirtualLoop) -> None:
    async def main() -> float:
        await asyncio.sleep(86400)
        return asyncio.get_running_loop().time()

    assert loop.time() == 0
    assert loop.run_until_complete(main()) == 86400
    assert loop.events < 10


def test_timers_for_one_instant_and_one_owner_come_in_the_order_in_which_they_were_set(loop: VirtualLoop) -> None:
    seen: list[int] = []
    for number in range(20):
        loop.call_at(1.0, seen.append, number)
    loop.run_until_complete(asyncio.sleep(2))
    assert seen == list(range(20))


def test_a_cancelled_timer_is_skipped_and_swept(loop: VirtualLoop) -> None:
    timers = [loop.call_later(number, loop.stop) for number in range(1, 500)]
    for timer in timers:
        timer.cancel()
    assert loop.pending_timers == []
    with pytest.raises(Deadlocked):
        loop.run_forever()
    assert loop.time() == 0


def test_the_order_within_a_turn_follows_the_seed_and_turns_are_kept() -> None:
    orders = {tuple(order_of(seed)) for seed in range(20)}
    assert len(orders) > 10
    assert order_of(7) == order_of(7)
    for order in orders:
        assert [turn for _, turn in order] == sorted(turn for _, turn in order)


def test_callbacks_of_one_owner_keep_their_order_among_others() -> None:
    for seed in range(20):
        first: list[int] = []
        second: list[int] = []
        with closing(VirtualLoop(Random(seed))) as made:
            for number in range(10):
                made.call_soon(first.append, number)
                made.call_soon(second.append, number)
            made.run_until_complete(asyncio.sleep(0))
        assert first == second == list(range(10))


def test_without_chance_it_is_first_in_first_out() -> None:
    seen: list[str] = []
    with closing(VirtualLoop()) as made:
        for name in "abcdef":
            made.call_soon(seen.append, name)
        made.run_until_complete(asyncio.sleep(0))
    assert seen == list("abcdef")


def test_where_nothing_will_ever_run_it_says_who_waits_and_where(loop: VirtualLoop) -> None:
    async def wait_for_nobody() -> None:
        await asyncio.get_running_loop().create_future()

    task = loop.create_task(wait_for_nobody(), name="the patient one")
    with pytest.raises(Deadlocked, match=r"the patient one in .*wait_for_nobody \(test_virtual_loop\.py:\d+\)"):
        loop.run_until_complete(task)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(task)


def test_what_is_frozen_waits_until_it_is_let_go(loop: VirtualLoop) -> None:
    whose: ContextVar[str] = ContextVar("whose", default="")
    seen: list[float] = []

    async def tick() -> None:
        whose.set("frozen")
        for _ in range(3):
            await asyncio.sleep(1)
            seen.append(loop.time())

    async def main() -> None:
        task = asyncio.create_task(tick())
        await asyncio.sleep(1.5)
        loop.freeze(lambda context: context.get(whose) == "frozen")
        await asyncio.sleep(10)
        assert seen == [1]
        loop.freeze(None)
        await task

    loop.run_until_complete(main())
    assert seen == [1, 11.5, 12.5]


def test_what_fails_the_run_ends_it_though_the_callback_swallowed_it(loop: VirtualLoop) -> None:
    async def main() -> None:
        loop.fail(ValueError("loud"))
        await asyncio.sleep(1)

    task = loop.create_task(main())
    with pytest.raises(ValueError, match="loud"):
        loop.run_until_complete(task)
    loop.run_until_complete(task)


def way_out(name: str, loop: VirtualLoop) -> Coroutine[Any, Any, object]:
    async def sync(action: Any, *args: Any) -> None:
        action(*args)

    match name:
        case "run_in_executor":
            return sync(loop.run_in_executor, None, print)
        case "add_reader":
            return sync(loop.add_reader, 0, print)
        case "add_signal_handler":
            return sync(loop.add_signal_handler, 2, print)
        case "create_connection":
            return asyncio.open_connection("127.0.0.1", 1)
        case "getaddrinfo":
            return loop.getaddrinfo("localhost", 1)
        case _:
            return asyncio.create_subprocess_exec("true")


@pytest.mark.parametrize(
    "name",
    ["run_in_executor", "add_reader", "add_signal_handler", "create_connection", "getaddrinfo", "subprocess"],
)
def test_ways_out_of_the_loop_are_refused_by_name(loop: VirtualLoop, name: str) -> None:
    with pytest.raises(EscapedSimulation, match=name):
        loop.run_until_complete(way_out(name, loop))


def test_another_thread_cannot_call_in(loop: VirtualLoop) -> None:
    errors: list[EscapedSimulation] = []

    def call() -> None:
        try:
            loop.call_soon_threadsafe(print)
        except EscapedSimulation as error:
            errors.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert "from another thread" in str(errors[0])
