"""Actors on the event loop: what they send to themselves and others, and failures outside of any handler."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from logging_actors import Log

from peerbus.actors import (
    Actor,
    ActorFailed,
    Bus,
    DeadLetter,
    Directive,
    Ref,
    RemoteError,
    Supervision,
    WouldDeadlock,
    handles,
)
from peerbus.actors.sends.ask import AskFuture
from peerbus.actors.sends.deadlines import SLOT

Turns = Callable[[], Awaitable[None]]


def inside(ref: Ref[Any]) -> Any:
    """The actor itself, which no user gets at."""
    return ref._cell.actor


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
