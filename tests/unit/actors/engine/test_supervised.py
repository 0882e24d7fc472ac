"""What becomes of an actor's failures: by its supervision, on its parent, and where they end the program."""

from __future__ import annotations

import asyncio
import threading

import pytest
from structlog.testing import capture_logs
from virtual_time import eventually

from peerbus.actors import (
    LOCAL,
    Actor,
    Address,
    Bus,
    Directive,
    PeerbusError,
    PeerGone,
    Ref,
    RemoteError,
    Supervision,
    handles,
)
from peerbus.actors.engine.state import State


class Fails(Actor):
    """Raises what it is told, and notes that it was told of it."""

    def __init__(self, noted: list[object]) -> None:
        super().__init__()
        self.noted = noted
        noted.append("made")

    @handles(Exception)
    def fail(self, error: Exception) -> None:
        raise error

    @handles(str)
    def echo(self, message: str) -> str:
        return message

    def on_failure(self, exception_type: object, exception_value: object, traceback: object) -> None:
        self.noted.append(exception_value)


@pytest.mark.parametrize(
    ("directive", "after"),
    [
        (Directive.RESUME, ["made"]),
        (Directive.RESTART, ["made", "error", "made"]),
        (Directive.STOP, ["made", "error"]),
        (Directive.ESCALATE, ["made", "error"]),
    ],
)
async def test_a_failure_has_the_end_that_the_supervision_says(directive: Directive, after: list[str]) -> None:
    noted: list[object] = []
    error = ValueError("no")
    async with Bus() as bus:
        supervision = Supervision(directive=directive, backoff=0.0)
        ref: Ref[Fails] = bus.spawn(lambda: Fails(noted), name="fails", supervision=supervision)
        await bus.tell(ref, error)
        if directive in (Directive.RESUME, Directive.RESTART):
            assert await bus.ask(ref, "alive") == "alive"
        else:
            await asyncio.to_thread(ref.actor_stopped.wait)
        assert ["error" if each is error else each for each in noted] == after
        assert (bus.life.escalation is error) is (directive is Directive.ESCALATE)


async def test_what_a_child_hands_on_is_a_failure_of_its_parent() -> None:
    noted: list[object] = []

    class Parent(Fails):
        def on_start(self) -> None:
            self.spawn(lambda: Fails([]), name="child", supervision=Supervision(directive=Directive.ESCALATE))

    async with Bus() as bus:
        stops = Supervision(directive=Directive.STOP)
        parent: Ref[Fails] = bus.spawn(lambda: Parent(noted), name="parent", supervision=stops)
        assert await bus.ask(parent, "alive") == "alive"
        error = ValueError("handed on")
        await bus.tell(Address[Exception](LOCAL, "child"), error)
        await asyncio.to_thread(parent.actor_stopped.wait)
    assert noted == ["made", error]


async def test_an_error_in_on_failure_is_logged_and_the_actor_goes_on_as_it_should() -> None:
    class Worse(Fails):
        def on_failure(self, exception_type: object, exception_value: object, traceback: object) -> None:
            raise PeerbusError("worse")

    with capture_logs() as logs:
        async with Bus() as bus:
            restarts = Supervision(directive=Directive.RESTART, backoff=0.0)
            ref: Ref[Fails] = bus.spawn(lambda: Worse([]), supervision=restarts)
            await bus.tell(ref, ValueError("no"))
            assert await bus.ask(ref, "alive") == "alive"
    assert "on_failure failed" in [entry["event"] for entry in logs]


class Busy(Fails):
    """Wants to begin something where it hears that it failed."""

    def on_failure(self, exception_type: object, exception_value: object, traceback: object) -> None:
        for begin in (lambda: self.spawn(Actor), lambda: self.create_task(asyncio.sleep(0))):
            with pytest.raises(PeerbusError) as refused:
                begin()
            self.noted.append(str(refused.value).partition(" ")[2])


async def test_what_is_about_to_be_made_anew_begins_nothing() -> None:
    noted: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(lambda: Busy(noted), name="busy", supervision=Supervision(backoff=0.0))
        await bus.tell(ref, ValueError("no"))
        assert await bus.ask(ref, "alive") == "alive"
    assert noted == [
        "made",
        "stops, or is rebuilt, and can have no more children of what it was",
        "is backing_off: it can start no task",
        "made",
    ]


async def test_one_left_behind_while_it_hears_of_its_failure_ends_without_another() -> None:
    heard, let_go = threading.Event(), threading.Event()
    threads: list[threading.Thread] = []

    class Deaf(Fails):
        dispatcher = "thread"

        def on_failure(self, exception_type: object, exception_value: object, traceback: object) -> None:
            threads.append(threading.current_thread())
            heard.set()
            let_go.wait(60)

    with capture_logs() as logs:
        async with Bus(shutdown_timeout=0.05) as bus:
            ref = bus.spawn(lambda: Deaf([]), name="deaf")
            await bus.tell(ref, ValueError("no"))
            await asyncio.to_thread(heard.wait, 60)
        let_go.set()
        await asyncio.to_thread(threads[0].join)
    errors = [line["event"] for line in logs if line["log_level"] == "error"]
    assert errors == ["handler failed", "the actor does not stop: a handler never returns"]


FAILED_SENDS = [PeerGone("gone"), RemoteError("made_up", "by a peer"), ExceptionGroup("all", [PeerGone("gone")])]


@pytest.mark.parametrize("dispatcher", ["loop", "thread"])
@pytest.mark.parametrize("error", FAILED_SENDS, ids=["SendError", "RemoteError", "group"])
async def test_no_number_of_its_own_failed_sends_ends_an_actor(error: Exception, dispatcher: str) -> None:
    noted: list[object] = []

    class Sends(Fails):
        pass

    Sends.dispatcher = "thread" if dispatcher == "thread" else "loop"
    async with Bus() as bus:
        ref: Ref[Fails] = bus.spawn(lambda: Sends(noted), name="sends")
        for _ in range(12):
            await bus.tell(ref, error)
        assert await bus.ask(ref, "alive") == "alive"
        assert noted == ["made"]


async def test_a_task_that_ends_by_a_failed_send_is_begun_anew_with_its_actor_and_never_ends_it() -> None:
    made: list[object] = []
    enough = asyncio.Event()

    class Polls(Fails):
        def on_start(self) -> None:
            self.create_task(self.poll())
            if len(made) == 9:
                enough.set()

        async def poll(self) -> None:
            raise PeerGone("gone")

    async with Bus() as bus:
        ref: Ref[Fails] = bus.spawn(lambda: Polls(made), name="polls", supervision=Supervision(budget=2, backoff=0.0))
        await enough.wait()
        assert await bus.ask(ref, "alive") == "alive"


async def test_a_failed_send_that_a_child_hands_on_is_a_failure_of_its_parent_as_any_other() -> None:
    noted: list[object] = []

    class Parent(Fails):
        def on_start(self) -> None:
            hands_on = Supervision(failed_send=Directive.ESCALATE)
            self.spawn(lambda: Fails([]), name="child", supervision=hands_on)

    async with Bus() as bus:
        stops = Supervision(directive=Directive.STOP)
        parent: Ref[Fails] = bus.spawn(lambda: Parent(noted), name="parent", supervision=stops)
        assert await bus.ask(parent, "alive") == "alive"
        error = PeerGone("gone")
        await bus.tell(Address[Exception](LOCAL, "child"), error)
        await asyncio.to_thread(parent.actor_stopped.wait)
    assert noted == ["made", error]


async def test_what_cannot_begin_while_the_bus_ends_is_not_begun_again_and_again() -> None:
    begun = 0

    class Parent(Actor):
        supervision = Supervision(backoff=0.1, budget=100)

        def on_start(self) -> None:
            nonlocal begun
            begun += 1
            self.bus.spawn(Actor)

        @handles(str)
        def fail(self, _: str) -> None:
            raise RuntimeError("once")

    async with Bus(shutdown_timeout=600.0) as bus:
        ref = bus.spawn(Parent)
        await bus.started(ref)
        await bus.tell(ref, "fail")
        await bus.tell(ref, "wait for the next one")
        await eventually(lambda: ref._cell.state is State.BACKING_OFF)
        began = bus.loop.time()
    assert bus.loop.time() - began < 10
    assert begun == 2
