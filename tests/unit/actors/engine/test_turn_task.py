"""The task that awaits an actor's handlers: one at a time, in order, and what is let go that nobody awaits."""

from __future__ import annotations

import asyncio
import inspect

import pytest

from peerbus.actors import Actor, Bus, Ref, handles
from peerbus.actors.engine.timers import Followed
from peerbus.actors.engine.turn_task import discard


class Turns(Actor):
    """Awaits what it is told to, and notes when it begins and ends."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[object] = []

    @handles(asyncio.Event)
    async def wait(self, event: asyncio.Event) -> None:
        self.noted.append("begins")
        await event.wait()
        self.noted.append("ends")

    @handles(str)
    def note(self, message: str) -> list[object]:
        self.noted.append(message)
        return self.noted


async def test_what_comes_while_a_handler_awaits_is_handled_behind_it_in_order() -> None:
    async with Bus() as bus:
        ref: Ref[Turns] = bus.spawn(Turns)
        event = asyncio.Event()
        await bus.tell(ref, event)
        await bus.tell(ref, event)
        asked = bus.ask(ref, "asked")
        await asyncio.sleep(0)
        event.set()
        assert await asked == ["begins", "ends", "begins", "ends", "asked"]


async def test_the_task_waits_for_messages_and_ends_with_the_actor() -> None:
    async with Bus() as bus:
        ref: Ref[Turns] = bus.spawn(Turns, name="turns")
        event = asyncio.Event()
        event.set()
        await bus.tell(ref, event)
        await bus.ask(ref, "done")
        (task,) = [task for task in asyncio.all_tasks() if task.get_name() == "peerbus turns"]
        await bus.ask(ref, "again")
        assert not task.done()
    assert task.done()


@pytest.mark.parametrize("followed", [False, True])
async def test_what_nobody_awaits_is_let_go(followed: bool) -> None:
    async def never() -> None:
        """Its coroutine would complain if it were not closed."""

    def handled() -> None:
        """Nobody handles it."""

    future, coroutine = asyncio.get_running_loop().create_future(), never()
    for awaitable in (future, coroutine):
        discard(Followed(awaitable, handled) if followed else awaitable)
    assert future.cancelled()
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED
