"""The answer to an ask, as its asker holds it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peerbus.actors import Actor, Bus, DeadlineExceeded, WouldDeadlock, handles
from peerbus.actors.sends import AskFuture


class Answers(Actor):
    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.ended: list[str] = []

    @handles(int)
    async def double(self, message: int) -> int:
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        return 2 * message


async def test_get_on_the_loop_gives_what_is_there_and_refuses_to_wait() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Answers)
        ask = bus.ask(ref, 4)
        with pytest.raises(WouldDeadlock, match="await it"):
            ask.get()
        inside = ref._cell.actor
        assert isinstance(inside, Answers)
        inside.gate.set()
        assert (await ask, ask.get()) == (8, 8)


async def test_who_cancels_an_ask_or_lets_its_time_run_out_cancels_the_handler() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Answers)
        await bus.started(ref)
        inside = ref._cell.actor
        assert isinstance(inside, Answers)
        task = asyncio.ensure_future(bus.ask(ref, 1))
        for _ in range(3):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(DeadlineExceeded, match="spent in: handler") as late:
            await bus.ask(ref, 2, timeout=0.2)
        assert late.value.message == 2
        await asyncio.sleep(0)
        assert inside.ended == ["cancelled", "cancelled"]


def made(kind: type[AskFuture[Any]] = AskFuture) -> AskFuture[Any]:
    return kind.of(asyncio.get_running_loop(), "question", None, lambda _ask: "mailbox")


async def test_an_answer_that_comes_when_nobody_waits_any_more_changes_nothing() -> None:
    cancelled, answered, failed = made(), made(), made()
    cancelled.cancel()
    answered.succeed(1)
    failed.fail(ValueError("first"))
    for ask in (cancelled, answered, failed):
        ask.succeed(2)
    assert (cancelled.cancelled(), await answered) == (True, 1)
    with pytest.raises(ValueError, match="first"):
        await failed


async def test_an_answer_of_a_wrong_type_that_nobody_waits_for_changes_nothing_either() -> None:
    ask = made()
    ask.reply_type = int
    ask.cancel()
    ask.succeed("two")
    assert ask.cancelled()


class Kind(AskFuture[Any]):
    """One of several kinds."""


async def test_an_ask_has_a_destructor_once_it_has_failed_and_is_still_of_its_kind() -> None:
    for kind in (AskFuture, Kind):
        answered, failed = made(kind), made(kind)
        answered.succeed(1)
        failed.fail(ValueError("no"))
        assert type(answered) is kind
        assert "__del__" not in vars(kind)
        assert "__del__" in vars(type(failed))
        assert isinstance(failed, kind)
        assert type(failed).__name__ == kind.__name__
        assert isinstance(failed.exception(), ValueError)


async def test_who_answers_hears_once_of_a_failure_that_nobody_looked_at() -> None:
    heard: list[tuple[object, str]] = []

    class Owner:
        def abandon(self, _ask: AskFuture[Any]) -> str:
            return "mailbox"

        def unheard(self, ask: AskFuture[Any], error: BaseException) -> None:
            heard.append((ask.message, str(error)))

    for looks in (False, True):
        ask: AskFuture[Any] = AskFuture.of(asyncio.get_running_loop(), looks, None, Owner().abandon)
        ask.fail(ValueError("no"))
        if looks:
            assert ask.exception() is not None
        del ask
    assert heard == [(False, "no")]
