"""Context variables: an actor starts from its spawner's context, and one message leaks nothing into the next."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import weakref
from contextvars import ContextVar
from typing import Any, ClassVar, Literal

import pytest

from peerbus.actors import Actor, Bus, Directive, Ref, Supervision, handles

WHO: ContextVar[str] = ContextVar("who", default="nobody")
WAIT = 10.0


class Get(str):
    """Answered by a `def` handler with what it sees."""

    __slots__ = ()


class Swap(str):
    """Answered by an `async def` handler, which then sets the variable."""

    __slots__ = ()


class Beside(str):
    """The same, reentrantly."""

    __slots__ = ()


class Spawn(str):
    """Answered with what a child sees."""

    __slots__ = ()


class Sees(Actor):
    """Answers with what it sees, and may set what others shall not see."""

    def __init__(self) -> None:
        super().__init__()
        self.made = WHO.get()

    @handles(Get)
    def get(self, message: Get) -> str:
        return WHO.get()

    @handles(Swap)
    async def swap(self, message: Swap) -> str:
        before = WHO.get()
        token = WHO.set(message)
        await asyncio.sleep(0)
        assert WHO.get() == message
        task = asyncio.create_task(_who())
        assert await task == message
        WHO.reset(token)
        assert WHO.get() == before
        WHO.set(message)
        return before

    @handles(Beside, reentrant=True)
    async def beside(self, message: Beside) -> str:
        before = WHO.get()
        WHO.set(message)
        await asyncio.sleep(0)
        return before

    @handles(Spawn)
    def child(self, message: Spawn) -> Ref[Sees]:
        WHO.set(message)
        return self.spawn(Sees)

    @handles(float)
    def fail(self, message: float) -> None:
        raise RuntimeError("on purpose")

    @handles(int)
    def how_it_was_made(self, message: int) -> str:
        return self.made


class OnThread(Sees):
    dispatcher: ClassVar[Literal["loop", "thread"] | None] = "thread"

    @handles(bool)
    def set_it(self, message: bool) -> None:
        WHO.set("a message before")


async def _who() -> str:
    return WHO.get()


kinds = pytest.mark.parametrize("kind", [Sees, OnThread])


@kinds
async def test_an_actor_starts_from_the_context_of_its_spawner(kind: type[Sees]) -> None:
    async with Bus() as bus:
        WHO.set("the spawner")
        ref = bus.spawn(kind)
        WHO.set("somebody else")
        assert await bus.ask(ref, 1) == "the spawner"
        for message in (Get(), Swap("x"), Beside("x")):
            assert await bus.ask(ref, message) == "the spawner"


@kinds
async def test_what_a_message_sets_the_next_does_not_see(kind: type[Sees]) -> None:
    async with Bus() as bus:
        ref = bus.spawn(kind)
        for message in (Swap("one"), Beside("two"), Swap("three"), Beside("four"), Get()):
            assert await bus.ask(ref, message, timeout=WAIT) == "nobody"
        assert WHO.get() == "nobody"


async def test_a_thread_gives_each_message_a_context_of_its_own() -> None:
    async with Bus() as bus:
        ref = bus.spawn(OnThread)
        await bus.ask(ref, True)
        assert await bus.ask(ref, Get()) == "nobody"


@kinds
async def test_a_child_starts_from_the_context_of_the_handler_that_spawned_it(kind: type[Sees]) -> None:
    async with Bus() as bus:
        ref = bus.spawn(kind)
        child: Any = await bus.ask(ref, Spawn("the handler"))
        assert await bus.ask(child, Get()) == "the handler"


@kinds
async def test_a_restart_keeps_the_context(kind: type[Sees]) -> None:
    async with Bus() as bus:
        WHO.set("the spawner")
        ref = bus.spawn(kind, supervision=Supervision(directive=Directive.RESTART, backoff=0.0))
        WHO.set("somebody else")
        await bus.tell(ref, 1.0)
        assert await bus.ask(ref, 1, timeout=WAIT) == "the spawner"
        assert await bus.ask(ref, Get()) == "the spawner"


@kinds
@pytest.mark.parametrize("hook", ["on_start", "on_started"])
async def test_handlers_see_what_the_hooks_at_the_start_have_set(kind: type[Sees], hook: str) -> None:
    class Sets(kind):  # type: ignore[valid-type, misc]  # one of two classes
        pass

    if hook == "on_start":
        Sets.on_start = lambda self: WHO.set("the hook")
    else:

        async def on_started(self: Sets) -> None:
            await asyncio.sleep(0)
            WHO.set("the hook")

        Sets.on_started = on_started
    async with Bus() as bus:
        ref = bus.spawn(Sets)
        for message in (Get(), Swap("x"), Beside("x")):
            assert await bus.ask(ref, message, timeout=WAIT) == "the hook"


def test_a_bus_on_a_thread_starts_from_the_context_of_its_starter() -> None:
    def run() -> None:
        WHO.set("the starter")
        bus = Bus(reactors=[Sees]).start()
        try:
            WHO.set("the spawner")
            ref = bus.spawn(OnThread)
            spawned = bus.spawn(Sees)
            assert bus.ask(ref, Get()).get(timeout=WAIT) == "the spawner"
            assert bus.ask(spawned, Get()).get(timeout=WAIT) == "the spawner"
            assert bus.ask(bus.spawn(Sees), 1).get(timeout=WAIT) == "the spawner"
        finally:
            bus.stop()

    contextvars.copy_context().run(run)


def test_an_actor_without_a_bus_starts_from_the_context_of_its_spawner() -> None:
    def run() -> None:
        WHO.set("the spawner")
        ref = OnThread.start()
        WHO.set("somebody else")
        assert ref.ask(Get(), timeout=WAIT) == "the spawner"
        assert ref.stop(timeout=WAIT)

    threading.Thread.join(_running(run))


def _running(run: Any) -> threading.Thread:
    thread = threading.Thread(target=run)
    thread.start()
    return thread


async def test_a_handler_that_sets_what_it_then_resets_goes_on_in_the_same_task() -> None:
    class Resets(Actor):
        @handles(Get)
        async def tidy(self, message: Get) -> object:
            token = WHO.set(message)
            await asyncio.sleep(0)
            WHO.reset(token)
            return asyncio.current_task()

        @handles(Swap)
        async def untidy(self, message: Swap) -> object:
            WHO.set(message)
            return asyncio.current_task()

    async with Bus() as bus:
        ref = bus.spawn(Resets)
        first = await bus.ask(ref, Get("one"))
        assert await bus.ask(ref, Get("two")) is first
        assert await bus.ask(ref, Swap("three")) is first
        # What it has left there is left behind with its task.
        assert await bus.ask(ref, Get("four")) is not first


async def test_many_messages_at_once_leak_nothing_into_each_other() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Sees)
        messages = [kind(str(number)) for number in range(100) for kind in (Swap, Get, Beside)]
        assert await asyncio.gather(*(bus.ask(ref, message) for message in messages)) == ["nobody"] * len(messages)


class Array:
    """Compares as an array of numpy does: not at all, where a truth value is asked for."""

    def __init__(self, of: str) -> None:
        self.of = of

    def __eq__(self, other: object) -> bool:
        raise ValueError("the truth value of an array is ambiguous")

    __hash__ = None  # type: ignore[assignment]  # as with arrays


class Tenant(str):
    """Equal to every other one."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tenant)

    def __hash__(self) -> int:
        return 0


VALUE: ContextVar[object] = ContextVar("value")


class Keeps(Actor):
    """Its handlers answer with what they see, and set something else; three kinds of them, and `def` ones twice."""

    made = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).made += 1

    @handles(Get)
    def get(self, message: Get) -> object:
        return VALUE.get(None)

    @handles(float)
    def keep(self, message: float) -> object:
        before = VALUE.get(None)
        VALUE.set(message)
        return before

    @handles(Swap)
    async def swap(self, message: Swap) -> object:
        before = VALUE.get(None)
        VALUE.set(KINDS[message](message))
        await asyncio.sleep(0)
        return before

    @handles(Beside, reentrant=True)
    async def beside(self, message: Beside) -> object:
        return await self.swap(Swap(message))


class KeepsOnThread(Keeps):
    dispatcher: ClassVar[Literal["loop", "thread"] | None] = "thread"


KINDS: dict[str, Any] = {"array": Array, "tenant": Tenant}
keeping = pytest.mark.parametrize("kind", [Keeps, KeepsOnThread])


@keeping
@pytest.mark.parametrize("value", KINDS)
@pytest.mark.parametrize("message", [Swap, Beside])
async def test_values_are_told_apart_by_what_they_are_not_by_whether_they_are_equal(
    kind: type[Keeps], value: str, message: Any
) -> None:
    spawners = KINDS[value]("the spawner")
    VALUE.set(spawners)
    made = kind.made
    async with Bus() as bus:
        ref = bus.spawn(kind)
        for _ in range(3):
            assert await bus.ask(ref, message(value), timeout=WAIT) is spawners
    assert kind.made == made + 1


async def test_what_a_def_handler_sets_on_the_loop_every_later_message_sees() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Keeps)
        assert await bus.ask(ref, 1.0) is None
        assert await bus.ask(ref, Swap("tenant")) == 1.0
        assert await bus.ask(ref, 2.0) == 1.0
        for message in (Get(), Swap("tenant"), Get(), Beside("array"), Swap("array"), Get()):
            assert await bus.ask(ref, message) == 2.0
        answers = await asyncio.gather(*(bus.ask(ref, m) for m in (3.0, Swap("array"), 4.0, Get(), Swap("array"))))
        assert answers == [2.0, 3.0, 3.0, 4.0, 4.0]


async def test_what_any_handler_sets_on_a_thread_no_other_message_sees() -> None:
    async with Bus() as bus:
        ref = bus.spawn(KeepsOnThread)
        for message in (1.0, Swap("tenant"), 2.0, Get(), Swap("array"), Beside("array"), Get()):
            assert await bus.ask(ref, message, timeout=WAIT) is None


async def test_what_a_message_set_is_not_kept_while_the_actor_rests() -> None:
    class Large:
        """Something that is not to be kept."""

    class Sets(Actor):
        @handles(Swap)
        async def swap(self, message: Swap) -> object:
            VALUE.set(large := Large())
            await asyncio.sleep(0)
            return weakref.ref(large)

    async with Bus() as bus:
        large: Any = await bus.ask(bus.spawn(Sets), Swap())
        await asyncio.sleep(1)
        assert large() is None
