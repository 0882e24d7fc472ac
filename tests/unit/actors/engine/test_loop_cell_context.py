"""Actors on the event loop: context variables, tasks that outsiders cancel, and turns for others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

import pytest
from logging_actors import Log
from pykka.messages import ProxyGetAttr, ProxySetAttr

from peerbus.actors import (
    Actor,
    ActorStopped,
    Bus,
    Channel,
    DeadLetter,
    Overflow,
    Reactor,
    handles,
)
from peerbus.actors.engine.turn_pace import BATCH

Turns = Callable[[], Awaitable[None]]
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
