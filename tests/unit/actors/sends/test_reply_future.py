"""Reply futures: outcomes from any thread, awaited from any loop, never by who has to bring them."""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import Any

import pytest

from peerbus.actors import ReplyFuture, WouldDeadlock


def test_the_first_outcome_holds() -> None:
    future: ReplyFuture[int] = ReplyFuture()
    assert not future.done()
    future.succeed(1)
    future.succeed(2)
    future.fail(ValueError())
    assert future.done()
    assert future.get() == 1
    with pytest.raises(queue.Full):
        future.set(3)


def test_many_threads_settle_one_future_once() -> None:
    for _ in range(50):
        future: ReplyFuture[int] = ReplyFuture()
        calls: list[int] = []
        future.on_done(lambda calls=calls: calls.append(1))  # type: ignore[misc]  # bound per round
        threads = [threading.Thread(target=future.succeed, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert future.get() in range(4)
        assert calls == [1]


class Brings:
    """Whoever brings a value, on one thread."""

    def __init__(self, thread: int) -> None:
        self.thread = thread
        self.given_up: ReplyFuture[Any] | None = None

    def blocks(self, thread: int) -> bool:
        return thread == self.thread

    brings_on = blocks

    def lost(self) -> None:
        return None

    def abandoned(self, reply: ReplyFuture[Any]) -> None:
        self.given_up = reply


def test_who_gives_a_future_up_has_the_work_for_it_ended() -> None:
    async def give_up() -> None:
        future: ReplyFuture[int] = ReplyFuture()
        future.producer = brings = Brings(0)
        assert future.cancel()
        with pytest.raises(asyncio.CancelledError):
            await future
        assert brings.given_up is future
        assert not future.cancel()

    asyncio.run(give_up())


def test_who_has_to_bring_the_outcome_may_not_wait_for_it() -> None:
    future: ReplyFuture[int] = ReplyFuture()
    other: ReplyFuture[int] = ReplyFuture()
    other.producer = Brings(threading.get_ident())
    derived = future.join(other)
    with pytest.raises(WouldDeadlock):
        other.get()
    with pytest.raises(WouldDeadlock):
        derived.map(str).get()
    other.succeed(2)
    future.succeed(1)
    assert list(derived.get()) == [1, 2]


async def test_several_tasks_await_one_future_and_its_derivatives() -> None:
    future: ReplyFuture[int] = ReplyFuture()

    async def wait(what: ReplyFuture[object]) -> object:
        return await what

    tasks = [asyncio.create_task(wait(each)) for each in (future, future, future.map(lambda x: x + 1))]  # type: ignore[arg-type]  # invariant
    await asyncio.sleep(0)
    tasks[0].cancel()
    threading.Thread(target=future.succeed, args=(1,)).start()
    assert [await task for task in tasks[1:]] == [1, 2]


def test_an_outcome_after_the_awaiting_loop_has_closed_harms_nobody() -> None:
    future: ReplyFuture[int] = ReplyFuture()

    async def main() -> None:
        task = asyncio.create_task(_awaited(future))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(main())
    future.succeed(1)
    assert future.get() == 1


async def _awaited(future: ReplyFuture[int]) -> int:
    return await future
