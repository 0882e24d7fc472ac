"""Nothing of an actor that has ended is left to the garbage collector; and errors still say where they were raised."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import traceback
import weakref
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Literal

import pytest
from garbage import garbage_of, in_a_thread, turns
from garbage_actors import (
    STOPPED,
    Echo,
    Fail,
    FailBeside,
    FailLater,
    LetsWait,
    OnThread,
    Refuses,
    Scenario,
    Work,
    Worker,
    called,
    caught,
    fill,
)
from virtual_time import eventually

from peerbus.actors import (
    LOCAL,
    Actor,
    Bus,
    Directive,
    Ref,
    RemoteError,
    SendError,
    Supervision,
    Terminated,
    handles,
)
from peerbus.actors.engine.thread_cell import ThreadCell

STOP = Supervision(directive=Directive.STOP)


class AsyncEcho(Echo):
    async def on_receive(self, message: object) -> object:
        await asyncio.sleep(0)
        return super().on_receive(message)


class ThreadEcho(Echo):
    dispatcher: ClassVar[Literal["loop", "thread"] | None] = "thread"


class WithHooks(Echo):
    """All its hooks wait for something, and one fails."""

    async def on_start(self) -> None:  # type: ignore[override]  # Pykka types it plain
        await asyncio.sleep(0)

    async def on_started(self) -> None:
        await asyncio.sleep(0)

    async def on_stopping(self) -> None:
        raise LookupError("a hook fails")

    async def on_stop(self) -> None:  # type: ignore[override]  # Pykka types it plain
        await asyncio.sleep(0)


class DoesNotStart(Echo):
    def on_start(self) -> None:
        raise LookupError("it does not start")


class DoesNotStartLater(Echo):
    async def on_started(self) -> None:
        await asyncio.sleep(0)
        raise LookupError("it does not start")


class ThreadDoesNotStart(DoesNotStart):
    dispatcher: ClassVar[Literal["loop", "thread"] | None] = "thread"


class CannotBeMade(Echo):
    def __init__(self) -> None:
        super().__init__()
        self.spawn(Echo)
        raise LookupError("it cannot be made")


class Parent(Actor):
    """Has a child that knows it, watches it, and has timers."""

    def on_start(self) -> None:
        self.child = self.spawn(lambda: Child(self.actor_ref, self))
        self.watch(self.child)
        self.later = self.after(1000, Work())
        self.often = self.every(1000, Work())

    @handles(Terminated)
    def ended(self, _: Terminated) -> None:
        self.put_aside()

    @handles(Work)
    def work(self, message: Work) -> Work:
        return message


class Child(Echo):
    def __init__(self, parent: Ref[Parent], itself: Parent) -> None:
        super().__init__()
        self.parent, self.itself = parent, itself


@pytest.fixture(autouse=True)
def _nothing_is_logged() -> Iterator[None]:
    """As pytest keeps each line, with the error in it, and that its frames."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
async def bus() -> Any:
    async with Bus(reactors=[Worker, OnThread, Refuses, LetsWait], shutdown_timeout=0.1) as bus:
        STOPPED[bus] = bus.spawn(Echo)
        await STOPPED[bus].stop(block=False)
        await fill(bus)
        yield bus


async def ended(ref: Ref[Any]) -> None:
    await eventually(lambda: not ref.is_alive())
    if isinstance(ref._cell, ThreadCell):
        thread = ref._cell.thread
        await eventually(lambda: not thread.is_alive())
    await turns()


async def spawned(bus: Bus, factory: Callable[[], Actor], *, supervision: Supervision | None = None) -> Ref[Any]:
    ref = bus.spawn(factory, supervision=supervision)
    await bus.started(ref)
    return ref


async def stops(bus: Bus, factory: Callable[[], Actor]) -> None:
    ref = await spawned(bus, factory)
    await caught(lambda: bus.ask(ref, Work()))
    await caught(lambda: bus.ask(ref, Fail()))
    bus.watch(ref, bus.cell("worker"))  # type: ignore[arg-type]  # it is there
    assert await ref.stop(block=False)
    await ended(ref)
    await caught(lambda: bus.ask(ref, Work()))


async def killed(bus: Bus, factory: Callable[[], Actor]) -> None:
    ref = await spawned(bus, factory)
    for _ in range(3):
        await bus.tell(ref, Work())
    ref._cell.kill("the test ends it")
    await ended(ref)


async def fails(bus: Bus, factory: Callable[[], Actor]) -> None:
    ref = await spawned(bus, factory, supervision=STOP)
    await bus.tell(ref, Fail())
    await ended(ref)


async def restarts(bus: Bus, factory: Callable[[], Actor]) -> None:
    ref = await spawned(bus, factory, supervision=Supervision(backoff=0.0))
    for _ in range(2):
        await bus.tell(ref, Fail())
        await caught(lambda: bus.ask(ref, Work()))
    await ref.stop(block=False)
    await ended(ref)


async def does_not_start(bus: Bus, factory: Callable[[], Actor]) -> None:
    for awaited in (True, False):
        ref = bus.spawn(factory)
        if awaited:
            await caught(lambda ref=ref: bus.started(ref))  # type: ignore[misc]
        await ended(ref)
        await caught(lambda ref=ref: bus.started(ref))  # type: ignore[misc]
        await caught(lambda ref=ref: bus.started(ref))  # type: ignore[misc]


class WithTasks(Echo):
    """Each message starts a task, of which one goes on until the actor ends."""

    def on_receive(self, message: object) -> object:
        if not isinstance(message, Work):
            raise RuntimeError("on purpose")
        self.create_task(asyncio.sleep(0))
        self.create_task(asyncio.sleep(1000))
        return message


ENDED: dict[str, Scenario] = {
    f"{way.__name__}: {actor.__name__}": (lambda bus, way=way, actor=actor: way(bus, actor))  # type: ignore[misc]
    for way, actors in {
        stops: (Echo, AsyncEcho, ThreadEcho, WithHooks, WithTasks, Parent),
        killed: (Echo, AsyncEcho, ThreadEcho, WithHooks, WithTasks, Parent),
        fails: (Echo, AsyncEcho, ThreadEcho),
        restarts: (Echo, AsyncEcho, ThreadEcho),
        does_not_start: (DoesNotStart, DoesNotStartLater, ThreadDoesNotStart),
    }.items()
    for actor in actors
}


@pytest.mark.parametrize("way", ENDED)
async def test_an_actor_that_has_ended_leaves_nothing(bus: Bus, way: str) -> None:
    async def scenario() -> None:
        with contextlib.suppress(LookupError):
            await ENDED[way](bus)

    assert await garbage_of(scenario) == {}


async def test_an_actor_that_cannot_be_made_leaves_nothing(bus: Bus) -> None:
    async def scenario() -> None:
        with contextlib.suppress(LookupError):
            bus.spawn(CannotBeMade)
        await turns()

        def plain() -> None:
            with contextlib.suppress(LookupError):
                bus.spawn(CannotBeMade)

        await in_a_thread(plain)

    assert await garbage_of(scenario) == {}


async def test_an_actor_without_a_bus_leaves_nothing(bus: Bus) -> None:
    def plain() -> None:
        ref = Echo.start()
        called(lambda: ref.ask(Work()))
        with contextlib.suppress(LookupError):
            ref.ask(Fail())
        called(lambda: ref.proxy().nothing)
        ref.stop()
        called(lambda: ref.ask(Work()))
        failing = Echo.start()
        failing.tell(Fail())
        failing.actor_stopped.wait(3)
        failing._cell.thread.join()  # type: ignore[attr-defined]  # it runs on one
        ref._cell.thread.join()  # type: ignore[attr-defined]  # it runs on one

    async def scenario() -> None:
        await in_a_thread(plain)

    assert await garbage_of(scenario) == {}


async def test_a_ref_keeps_no_actor_that_has_ended(bus: Bus) -> None:
    ref = await spawned(bus, Echo)
    actor = weakref.ref(ref._cell.actor)
    await ref.stop(block=False)
    await ended(ref)
    assert actor() is None
    assert str(ref)


@pytest.mark.parametrize("message", [Fail(), FailLater(), FailBeside()], ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("to", ["worker", "thread"])
async def test_what_a_program_catches_still_says_where_it_was_raised(bus: Bus, to: str, message: object) -> None:
    if to == "thread" and isinstance(message, FailBeside):
        pytest.skip("a thread handles nothing beside")
    lines = ""
    try:
        await bus.ask(LOCAL / to, message)
    except RemoteError as error:
        lines = "".join(traceback.format_exception(error))
    assert "raise LookupError(wanted)" in lines  # the handler's line
    assert "await bus.ask(LOCAL / to, message)" in lines  # the asker's


async def test_the_error_of_a_refused_send_says_where_it_was_awaited(bus: Bus) -> None:
    lines = ""
    try:
        await bus.tell(LOCAL / "nobody", Work())
    except SendError as error:
        lines = "".join(traceback.format_exception(error))
    assert 'await bus.tell(LOCAL / "nobody", Work())' in lines


async def test_what_is_waited_for_in_a_thread_says_where_it_was_raised(bus: Bus) -> None:
    lines: list[str] = []

    def plain() -> None:
        try:
            bus.ask(LOCAL / "worker", Fail()).get(timeout=3)
        except RemoteError as error:
            lines.extend(traceback.format_exception(error))

    await in_a_thread(plain)
    text = "".join(lines)
    assert "raise LookupError(wanted)" in text
    assert 'bus.ask(LOCAL / "worker", Fail()).get(timeout=3)' in text
    assert "pykka" not in text
