"""Whatever its code raises, of whatever class, is a failure of the actor, and the bus goes on."""

from __future__ import annotations

import asyncio
from typing import Any

import pykka
import pytest

from peerbus.actors import (
    LOCAL,
    Actor,
    ActorFailed,
    ActorStopped,
    Bus,
    Directive,
    PeerbusError,
    RemoteError,
    Supervision,
    Terminated,
    handles,
)

WAIT = 10.0


class Panic(BaseException):
    """What a library in another language raises."""


class Work(str):
    """A message that is handled by `async def`."""

    __slots__ = ()


class Beside(str):
    """A message that is handled reentrantly."""

    __slots__ = ()


class Task(str):
    """A message whose handler starts a task that fails."""

    __slots__ = ()


#: Of whatever class but those that end the program.
RAISED = [Panic("no"), GeneratorExit("no"), asyncio.CancelledError("no"), StopIteration("no"), ValueError("no")]
EXITS = [SystemExit(3), KeyboardInterrupt()]
DISPATCHERS = ["loop", "thread"]


class Raises(Actor):
    """Raises `error` where `place` says, the first time."""

    def __init__(self, place: str, error: BaseException, seen: list[str] | None = None) -> None:
        super().__init__()
        self.place, self.error = place, error
        self.seen = [] if seen is None else seen
        self.at("constructor")

    def at(self, place: str) -> None:
        if place == self.place and place not in self.seen:
            self.seen.append(place)
            raise self.error

    def on_start(self) -> None:
        self.at("on_start")

    async def on_started(self) -> None:
        self.at("on_started")

    async def on_stopping(self) -> None:
        self.at("on_stopping")

    def on_stop(self) -> None:
        self.at("on_stop")
        self.seen.append("stopped")

    def on_failure(self, *_: object) -> None:
        self.seen.append("failure")
        self.at("on_failure")

    @handles(str)
    def plain(self, message: str) -> str:
        self.at("def")
        return message.upper()

    @handles(Work)
    async def awaited(self, message: Work) -> str:
        await asyncio.sleep(0)
        self.at("async def")
        return message.upper()

    @handles(Beside, reentrant=True)
    async def beside(self, message: Beside) -> str:
        await asyncio.sleep(0)
        self.at("reentrant")
        return message.upper()

    @handles(int)
    def fails(self, message: int) -> None:
        raise RuntimeError("on purpose")

    @handles(Task)
    def starts(self, message: Task) -> str:
        self.create_task(self.later())
        return message.upper()

    async def later(self) -> None:
        self.at("task")


MESSAGES = {"def": "x", "async def": Work("x"), "reentrant": Beside("x")}


def kind(dispatcher: str, place: str, error: BaseException) -> type[Raises]:
    class Kind(Raises):
        pass

    Kind.dispatcher = dispatcher  # type: ignore[assignment]  # one of the two
    Kind.__name__ = f"Raises{type(error).__name__}"
    return Kind


def name_of(value: object) -> str:
    return type(value).__name__ if isinstance(value, BaseException) else str(value)


everywhere = pytest.mark.parametrize("dispatcher", DISPATCHERS)
whatever = pytest.mark.parametrize("error", RAISED, ids=name_of)


@everywhere
@whatever
@pytest.mark.parametrize("place", MESSAGES)
async def test_the_asker_is_answered_and_the_actor_goes_on(dispatcher: str, error: BaseException, place: str) -> None:
    async with Bus() as bus:
        ref = bus.spawn(kind(dispatcher, place, error), place, error)
        with pytest.raises(RemoteError) as caught:
            await bus.ask(ref, MESSAGES[place], timeout=WAIT)
        # A coroutine cannot raise StopIteration: Python makes a RuntimeError of it.
        assert caught.value.code in (type(error).__name__, "RuntimeError")
        assert await bus.ask(ref, MESSAGES[place], timeout=WAIT) == "X"


@everywhere
@whatever
@pytest.mark.parametrize("place", MESSAGES)
@pytest.mark.parametrize("directive", [Directive.RESTART, Directive.RESUME, Directive.STOP], ids=name_of)
async def test_supervision_decides_when_nobody_asked(
    dispatcher: str, error: BaseException, place: str, directive: Directive
) -> None:
    seen: list[str] = []
    async with Bus() as bus:
        with bus.subscribe(ActorFailed) as failures:
            supervision = Supervision(directive=directive, backoff=0.0)
            ref = bus.spawn(kind(dispatcher, place, error), place, error, seen, supervision=supervision)
            await bus.tell(ref, MESSAGES[place])
            assert (await asyncio.wait_for(failures.get(), WAIT)).directive == directive.value
            if directive is Directive.STOP:
                assert await asyncio.wait_for(ref.stop(block=False), WAIT) in (True, False)
                assert not ref.is_alive()
            else:
                assert await bus.ask(ref, MESSAGES[place], timeout=WAIT) == "X"
        assert ("failure" in seen) is (directive is not Directive.RESUME)


@everywhere
@whatever
@pytest.mark.parametrize("place", ["on_start", "on_started"])
async def test_a_start_that_fails_ends_and_says_why(dispatcher: str, error: BaseException, place: str) -> None:
    async with Bus() as bus:
        ref = bus.spawn(kind(dispatcher, place, error), place, error)
        with pytest.raises(Exception) as caught:  # noqa: PT011  # of more than one class
            await asyncio.wait_for(bus.started(ref), WAIT)
        if not isinstance(error, ValueError):
            assert isinstance(caught.value, PeerbusError | RuntimeError)
            assert isinstance(caught.value.__cause__, type(error))
        with pytest.raises(ActorStopped):
            await bus.ask(ref, "x", timeout=WAIT)
        assert await asyncio.wait_for(ref.stop(block=False), WAIT) is False


@everywhere
@pytest.mark.parametrize("error", [*RAISED, *EXITS], ids=name_of)
def test_a_constructor_that_fails_is_told_to_whoever_spawns(dispatcher: str, error: BaseException) -> None:
    bus = Bus().start()
    try:
        with pytest.raises(type(error)) as caught:
            bus.spawn(kind(dispatcher, "constructor", error), "constructor", error)
        assert caught.value is error
        assert bus.ask(bus.spawn(Raises, "nowhere", error), "x").get(timeout=WAIT) == "X"
    finally:
        bus.stop()


@everywhere
@whatever
async def test_a_constructor_that_fails_when_it_is_called_again_fails_the_actor_again(
    dispatcher: str, error: BaseException
) -> None:
    seen = ["constructor"]
    async with Bus() as bus:
        with bus.subscribe(ActorFailed) as failures:
            supervision = Supervision(directive=Directive.RESTART, backoff=0.0)
            ref = bus.spawn(kind(dispatcher, "constructor", error), "constructor", error, seen, supervision=supervision)
            await bus.started(ref)
            seen.clear()
            await bus.tell(ref, 1)
            assert isinstance((await asyncio.wait_for(failures.get(), WAIT)).error, RuntimeError)
            assert (await asyncio.wait_for(failures.get(), WAIT)).error is error
            assert await bus.ask(ref, "x", timeout=WAIT) == "X"


@everywhere
@whatever
@pytest.mark.parametrize("place", ["on_stopping", "on_stop"])
async def test_a_stop_ends_whatever_its_hooks_raise(dispatcher: str, error: BaseException, place: str) -> None:
    async with Bus() as bus:
        ref = bus.spawn(kind(dispatcher, place, error), place, error)
        assert await asyncio.wait_for(ref.stop(block=False), WAIT) is True
        assert bus.cell(str(ref.address).rpartition("/")[2]) is None


@everywhere
@whatever
async def test_on_failure_may_fail_as_well(dispatcher: str, error: BaseException) -> None:
    seen: list[str] = []
    async with Bus() as bus:
        supervision = Supervision(directive=Directive.RESTART, backoff=0.0)
        ref = bus.spawn(kind(dispatcher, "on_failure", error), "on_failure", error, seen, supervision=supervision)
        await bus.tell(ref, 1)
        assert await bus.ask(ref, "x", timeout=WAIT) == "X"
        assert seen == ["failure", "on_failure"]


@pytest.mark.parametrize("error", RAISED[:1] + RAISED[3:], ids=name_of)
async def test_a_task_that_a_handler_started_fails_the_actor(error: BaseException) -> None:
    seen: list[str] = []
    async with Bus() as bus:
        with bus.subscribe(ActorFailed) as failures:
            supervision = Supervision(directive=Directive.RESTART, backoff=0.0)
            ref = bus.spawn(Raises, "task", error, seen, supervision=supervision)
            assert await bus.ask(ref, Task("x"), timeout=WAIT) == "X"
            await asyncio.wait_for(failures.get(), WAIT)
            assert await bus.ask(ref, "x", timeout=WAIT) == "X"
    assert seen == ["task", "failure", "stopped"]


PLACES = ["on_start", "on_started", "def", "async def", "reentrant", "on_stopping", "on_stop", "on_failure", "task"]


def provoke(bus: Bus, ref: Any, place: str) -> None:
    if place in MESSAGES:
        bus.tell(ref, MESSAGES[place])
    elif place == "task":
        bus.tell(ref, Task("x"))
    elif place == "on_failure":
        bus.tell(ref, 1)
    elif place in ("on_stop", "on_stopping"):
        ref.stop(block=False)


@everywhere
@pytest.mark.parametrize("error", EXITS, ids=name_of)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("asked", [True, False])
def test_what_is_to_end_the_program_stops_the_bus_in_order_and_is_handed_on(
    dispatcher: str, error: BaseException, place: str, asked: bool
) -> None:
    if (dispatcher == "thread" and place == "task") or (asked and place not in MESSAGES):
        return
    others: list[str] = []
    ended: list[BaseException] = []

    async def main() -> None:
        async with Bus() as bus:
            other = bus.spawn(Raises, "nowhere", error, others)
            ref = bus.spawn(kind(dispatcher, place, error), place, error)
            if asked:
                with pytest.raises(RemoteError, match=type(error).__name__):
                    await bus.ask(ref, MESSAGES[place], timeout=WAIT)
            else:
                provoke(bus, ref, place)
            try:
                async with asyncio.timeout(WAIT):
                    await bus.wait_stopped()
            except BaseException as raised:
                ended.append(raised)
                raise
            assert not other.is_alive()

    with pytest.raises(type(error)) as caught:
        asyncio.run(main())
    assert caught.value is error
    assert ended == [error]
    assert others == ["stopped"]


@everywhere
@pytest.mark.parametrize("error", EXITS, ids=name_of)
def test_a_bus_on_a_thread_hands_it_on_to_whoever_stops_it(dispatcher: str, error: BaseException) -> None:
    bus = Bus().start()
    ref = bus.spawn(kind(dispatcher, "def", error), "def", error)
    with pytest.raises(RemoteError):
        bus.ask(ref, "x").get(timeout=WAIT)
    with pytest.raises(type(error)) as caught:
        bus.stop()
    assert caught.value is error
    bus.stop()  # once is enough


async def test_one_that_ends_the_program_leaves_the_actors_of_other_buses_alone() -> None:
    class Ends(Raises):
        dispatcher = "thread"

    async with Bus("one") as one, Bus("other") as other:
        ref = other.spawn(Raises, "nowhere", ValueError())
        one.tell(one.spawn(Ends, "def", SystemExit(3)), "x")
        with pytest.raises(SystemExit):
            await one.wait_stopped()
        assert await other.ask(ref, "x", timeout=WAIT) == "X"


async def test_only_users_actors_are_in_pykkas_registry() -> None:
    async with Bus() as bus:
        assert pykka.ActorRegistry.get_all() == []
        loop, thread = bus.spawn(Raises, "nowhere", Panic()), bus.spawn(kind("thread", "", Panic()), "", Panic())
        assert pykka.ActorRegistry.get_all() == [loop, thread]
        await thread.stop(block=False)
        assert pykka.ActorRegistry.get_all() == [loop]
    assert pykka.ActorRegistry.get_all() == []


async def test_a_watcher_hears_of_an_actor_that_a_base_exception_ended() -> None:
    class Watches(Actor):
        def __init__(self, heard: asyncio.Future[str]) -> None:
            super().__init__()
            self.heard = heard

        @handles(Terminated)
        def over(self, end: Terminated) -> None:
            self.heard.set_result(end.reason)

    async with Bus() as bus:
        heard: asyncio.Future[str] = bus.loop.create_future()
        watches = bus.spawn(Watches, heard)
        await bus.started(watches)
        ref = bus.spawn(Raises, "def", Panic("no"), supervision=Supervision(directive=Directive.STOP), name="panics")
        bus.watch(LOCAL / "panics", watches._cell)
        await bus.tell(ref, "x")
        assert "Panic" in await asyncio.wait_for(heard, WAIT)
