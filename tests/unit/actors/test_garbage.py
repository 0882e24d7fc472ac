"""Nothing that was delivered, refused or ended is left to the garbage collector."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import traceback
import weakref
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import pykka
import pytest
from garbage import garbage_of, in_a_thread, turns
from virtual_time import eventually

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Actor,
    ActorStarted,
    Bus,
    Capability,
    Channel,
    DeadLetter,
    Directive,
    Overflow,
    Peer,
    PeerbusError,
    Reactor,
    Ref,
    RemoteError,
    Role,
    SendError,
    Share,
    Supervision,
    Terminated,
    WouldDeadlock,
    handles,
)
from peerbus.actors.engine.thread_cell import ThreadCell

Scenario = Callable[[Bus], Awaitable[object]]

#: What a send raises, here: all of it is caught, as a program does.
ERRORS = (
    PeerbusError,
    pykka.ActorDeadError,
    pykka.Timeout,
    TimeoutError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
)
STOP = Supervision(directive=Directive.STOP)
NOBODY = "b" * 64


@dataclass(frozen=True)
class Work:
    """To be done at once."""

    what: str = ""


@dataclass(frozen=True)
class Fail:
    """Its handler fails."""

    what: str = ""


@dataclass(frozen=True)
class FailLater:
    """Its handler fails after a while."""

    what: str = ""


@dataclass(frozen=True)
class Sleep:
    """Its handler takes longer than anybody waits."""

    what: str = ""


@dataclass(frozen=True)
class SleepBeside:
    """As Sleep; others are handled meanwhile."""

    what: str = ""


@dataclass(frozen=True)
class FailBeside:
    """As FailLater; others are handled meanwhile."""

    what: str = ""


@dataclass(frozen=True)
class PassOn:
    """Its handler asks another actor."""

    to: str
    what: str


@dataclass(frozen=True)
class Undeclared:
    """In no channel."""


class Worker(Reactor):
    channel = Channel("worker", messages=(Work, Fail, FailLater, Sleep, SleepBeside, FailBeside, PassOn))
    supervision: ClassVar[Supervision] = Supervision(directive=Directive.RESUME)

    @handles(Work)
    def work(self, _: Work) -> str:
        return "done"

    @handles(Fail)
    def fail(self, wanted: Fail) -> None:
        raise LookupError(wanted)

    @handles(FailLater)
    async def fail_later(self, wanted: FailLater) -> None:
        await asyncio.sleep(0.001)
        raise LookupError(wanted)

    @handles(FailBeside, reentrant=True)
    async def fail_beside(self, wanted: FailBeside) -> None:
        await asyncio.sleep(0.001)
        raise LookupError(wanted)

    @handles(Sleep)
    async def sleep(self, _: Sleep) -> None:
        await asyncio.sleep(1000)

    @handles(SleepBeside, reentrant=True)
    async def sleep_beside(self, _: SleepBeside) -> None:
        await asyncio.sleep(1000)

    @handles(PassOn, reentrant=True)
    async def pass_on(self, wanted: PassOn) -> object:
        message = {"work": Work(), "fail": Fail(), "sleep": Sleep()}[wanted.what]
        return await self.ask(LOCAL / wanted.to, message, timeout=0.01)


class OnThread(Worker):
    channel = Channel("thread", messages=(Work, Fail, FailLater, PassOn))  # type: ignore[assignment]  # it takes less
    dispatcher: ClassVar[Literal["loop", "thread"] | None] = "thread"


class Refuses(Reactor):
    """Its one place is taken: by a message that it handles until it stops."""

    channel = Channel("refuses", messages=(Sleep,), mailbox=1, overflow=Overflow.REJECT)

    @handles(Sleep)
    async def sleep(self, _: Sleep) -> None:
        await asyncio.sleep(1000)


class LetsWait(Refuses):
    channel = Channel("waits", messages=(Sleep,), mailbox=1)


class Echo(Actor):
    """Takes what comes, by `on_receive`; as in Pykka a tell that fails is the actor's failure."""

    def on_receive(self, message: object) -> object:
        if isinstance(message, Fail):
            raise LookupError(message)
        return message


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


async def caught(send: Callable[[], Any]) -> None:
    """Send, await, and catch what there is to catch. The outcome is in no variable: that would be the caller's own."""
    with contextlib.suppress(*ERRORS):
        await send()


def got(send: Callable[[], Any]) -> None:
    """As `caught`, on a thread."""
    with contextlib.suppress(*ERRORS):
        send().get(timeout=3)


def called(call: Callable[[], object]) -> None:
    """As `caught`, of what raises by itself."""
    with contextlib.suppress(*ERRORS):
        call()


async def fill(bus: Bus) -> None:
    for actor in ("refuses", "waits"):
        for _ in range(3):
            await caught(lambda actor=actor: bus.tell(LOCAL / actor, Sleep(), timeout=0.01))  # type: ignore[misc]
            await turns()


REFUSED: dict[str, Callable[[Bus], tuple[Any, object]]] = {
    "nobody has the name": lambda _: (LOCAL / "nobody", Work()),
    "nobody offers the role": lambda _: (Role("archive") / "worker", Work()),
    "no such peer": lambda _: (Peer(NOBODY) / "worker", Work()),
    "no peers at all": lambda _: (EVERYONE / "worker", Work()),
    "a type that is not declared": lambda _: (LOCAL / "worker", Undeclared()),
    "a mailbox that refuses": lambda _: (LOCAL / "refuses", Sleep()),
    "a mailbox without room": lambda _: (LOCAL / "waits", Sleep()),
    "an actor that has stopped": lambda bus: (stopped_ref(bus), Work()),
}


def stopped_ref(bus: Bus) -> Ref[Any]:
    """The ref of the actor that has stopped; of each bus the same."""
    ref = STOPPED.get(bus)
    assert ref is not None
    return ref


STOPPED: weakref.WeakKeyDictionary[Bus, Ref[Any]] = weakref.WeakKeyDictionary()


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


@pytest.mark.parametrize("timeout", [0.02, 0.0])
@pytest.mark.parametrize("verb", ["tell", "ask"])
@pytest.mark.parametrize("why", REFUSED)
async def test_a_refused_send_leaves_nothing(bus: Bus, verb: str, why: str, timeout: float) -> None:
    async def scenario() -> None:
        to, message = REFUSED[why](bus)
        await caught(lambda: getattr(bus, verb)(to, message, timeout=timeout))
        getattr(bus, verb)(to, message, timeout=timeout)  # nobody looks at it

    assert await garbage_of(scenario) == {}


@pytest.mark.lazy_tasks("asyncio's own gather leaves a cycle where its tasks are done at once")
@pytest.mark.parametrize("why", REFUSED)
async def test_a_tell_whose_outcome_stands_in_a_variable_leaves_nothing(bus: Bus, why: str) -> None:
    async def scenario() -> None:
        to, message = REFUSED[why](bus)
        outcome = bus.tell(to, message, timeout=0.02)
        for _ in range(2):
            with contextlib.suppress(*ERRORS):
                await outcome
        await asyncio.gather(*(bus.tell(to, message, timeout=0.02) for _ in range(3)), return_exceptions=True)

    assert await garbage_of(scenario) == {}


@pytest.mark.parametrize("verb", ["tell", "ask"])
@pytest.mark.parametrize("why", REFUSED)
async def test_an_error_that_nobody_has_raised_keeps_no_frames(bus: Bus, verb: str, why: str) -> None:
    async with bus.subscribe(DeadLetter) as letters:
        to, message = REFUSED[why](bus)
        getattr(bus, verb)(to, message, timeout=0.02)
        await turns()
        while (letter := letters.get_nowait()) is not None:
            assert letter.error is not None
            assert letter.error.__traceback__ is None


@pytest.mark.parametrize("verb", ["tell", "ask"])
async def test_a_message_that_was_refused_is_kept_by_nobody(bus: Bus, verb: str) -> None:
    # As on a node, where its own actors listen to facts, and in one turn of the loop.
    async with bus.subscribe(ActorStarted):
        kept = []
        for _ in range(100):
            message = Work()
            kept.append(weakref.ref(message))
            with contextlib.suppress(*ERRORS):
                await getattr(bus, verb)(LOCAL / "nobody", message)
            del message
        assert [each for each in kept if each() is not None] == []


@pytest.mark.parametrize("verb", ["tell", "ask"])
@pytest.mark.parametrize("why", REFUSED)
async def test_a_send_of_a_thread_that_is_refused_leaves_nothing(bus: Bus, verb: str, why: str) -> None:
    async def scenario() -> None:
        to, message = REFUSED[why](bus)

        def plain() -> None:
            got(lambda: getattr(bus, verb)(to, message, timeout=0.02))
            if isinstance(to, Ref):
                called(lambda: getattr(to, verb)(message, timeout=0.02))

        await in_a_thread(plain)

    assert await garbage_of(scenario) == {}


ASKED: dict[str, Scenario] = {
    "answered": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", Work())),
    "of another type": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", Work(), reply=int)),
    "failed": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", Fail())),
    "failed later": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", FailLater())),
    "failed beside": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", FailBeside())),
    "failed on a thread": lambda bus: caught(lambda: bus.ask(LOCAL / "thread", Fail())),
    "failed later on a thread": lambda bus: caught(lambda: bus.ask(LOCAL / "thread", FailLater())),
    "its time was over": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", Sleep(), timeout=0.01)),
    "its time was over beside": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", SleepBeside(), timeout=0.01)),
    "failed behind another": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", PassOn("worker", "fail"))),
    "refused behind another": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", PassOn("nobody", "work"))),
    "late behind another": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", PassOn("waits", "sleep"))),
    "failed behind a thread": lambda bus: caught(lambda: bus.ask(LOCAL / "thread", PassOn("worker", "fail"))),
    "no peer came": lambda bus: caught(
        lambda: bus.ask(Role("archive") / "worker", Work(), timeout=0.01, wait_for_peer=True)
    ),
    "failed of the role": lambda bus: caught(lambda: bus.ask(Role("worker") / "worker", Fail())),
    "failed of all of the role": lambda bus: results(bus, Fail()),
    "no quorum": lambda bus: caught(lambda: bus.ask(Role("worker", Share(1.0)) / "worker", Fail(), quorum=1)),
    "a tell failed": lambda bus: caught(lambda: bus.tell(LOCAL / "worker", Fail())),
    "gathered": lambda bus: asyncio.gather(
        *(bus.ask(LOCAL / "worker", message) for message in (Fail(), Work(), FailLater())), return_exceptions=True
    ),
}


async def results(bus: Bus, message: object) -> None:
    found = await bus.ask(Role("worker", Share(1.0)) / "worker", message)
    for peer in found:
        with contextlib.suppress(RemoteError):
            found[peer]


@pytest.mark.parametrize("how", ASKED)
async def test_an_ask_leaves_nothing_however_it_ends(bus: Bus, how: str) -> None:
    bus.offer([Capability.parse("worker")])

    async def scenario() -> None:
        await ASKED[how](bus)
        await asyncio.sleep(0.05)

    assert await garbage_of(scenario) == {}


@pytest.mark.parametrize(
    "message", [Work(), Fail(), FailLater(), Sleep(), SleepBeside()], ids=lambda m: type(m).__name__
)
async def test_an_ask_whose_asker_goes_leaves_nothing(bus: Bus, message: object) -> None:
    async def asks() -> None:
        await caught(lambda: bus.ask(LOCAL / "worker", message))

    async def scenario() -> None:
        for turns_before in range(3):
            asker = asyncio.ensure_future(asks())
            for _ in range(turns_before):
                await asyncio.sleep(0)
            asker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asker
            del asker
        bus.ask(LOCAL / "worker", message, timeout=0.01)  # nobody looks at it
        await asyncio.sleep(0.02)

    assert await garbage_of(scenario) == {}


@pytest.mark.parametrize(
    "message", [Work(), Fail(), FailLater(), PassOn("worker", "fail")], ids=lambda m: type(m).__name__
)
@pytest.mark.parametrize("to", ["worker", "thread"])
async def test_an_ask_of_a_thread_leaves_nothing(bus: Bus, to: str, message: object) -> None:
    cell = bus.cell(to)
    assert cell is not None
    ref = cell.ref
    assert ref is not None

    def plain() -> None:
        got(lambda: bus.ask(LOCAL / to, message))
        got(lambda: ref.ask(message, block=False))
        got(lambda: ref.ask(message, block=False).map(str))
        called(lambda: ref.ask(message))
        called(lambda: ref.ask(message, timeout=0))

    async def scenario() -> None:
        await in_a_thread(plain)
        await caught(lambda: ref.ask(message, block=False))
        with contextlib.suppress(WouldDeadlock):
            ref.ask(message)

    assert await garbage_of(scenario) == {}


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
