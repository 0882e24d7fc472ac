"""Threads that have ended, whose identifiers the system gives to others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from threading import get_ident
from typing import TypeVar

import pytest
from structlog.testing import capture_logs

from peerbus.actors import LOCAL, Actor, ActorStopped, Bus, PeerbusError, Ref, ShuttingDown
from peerbus.actors.base.thread_end import ENDED, bind_to_thread

T = TypeVar("T")


class Echo(Actor):
    def on_receive(self, message: object) -> object:
        return (message, get_ident())


class ThreadEcho(Echo):
    dispatcher = "thread"


def on_a_thread(work: Callable[[], T]) -> T:
    """What `work` returns or raises, on a thread that has ended by then."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001  # raised below
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def with_identifier(ident: int, work: Callable[[], T]) -> T:
    """As `on_a_thread`, on a thread that was given the identifier of one that has ended."""
    for _ in range(200):
        held: list[T] = []
        if on_a_thread(lambda held=held: get_ident() == ident and (held.append(work()) or True)):  # type: ignore[misc]  # bound
            return held[0]
    pytest.skip("the system gave that identifier to nobody")


def outcome_of(call: Callable[[], object]) -> object:
    """What it returns, or the class of what it raises."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001  # that is what is asked for
        return type(error)


def test_a_stranger_with_the_identifier_of_an_ended_actors_thread_is_not_that_actor() -> None:
    ref = Echo.start()
    _, ident = ref.ask("x", timeout=10)
    ref.stop(timeout=10)
    assert with_identifier(ident, lambda: outcome_of(lambda: ref.stop(timeout=10))) is False
    assert with_identifier(ident, lambda: outcome_of(lambda: ref.ask("x", timeout=10))) is ActorStopped
    assert with_identifier(ident, lambda: outcome_of(lambda: ref.tell("x"))) is ActorStopped


def test_a_stranger_with_the_identifier_of_a_broken_actors_thread_is_not_that_actor() -> None:
    class Broken(Echo):
        def on_failure(self, *_: object) -> None:
            idents.append(get_ident())

        def on_receive(self, message: object) -> object:
            raise ValueError(message)

    idents: list[int] = []
    ref = Broken.start()
    ref.tell("x")
    ref.actor_stopped.wait(10)
    assert with_identifier(idents[0], lambda: outcome_of(lambda: ref.stop(timeout=10))) is False


@pytest.fixture
def stopped() -> tuple[Bus, Ref[Echo], Ref[ThreadEcho], int, int]:
    """A bus that has stopped, with an actor of its loop and one with a thread, and the identifiers of both threads."""
    bus = Bus().start()
    on_loop, on_thread = bus.spawn(Echo, name="loop"), bus.spawn(ThreadEcho, name="thread")
    loop_ident = bus.ask(on_loop, 1).get()[1]  # type: ignore[index]  # as Echo answers
    thread_ident = on_thread.ask(1)[1]
    bus.stop()
    return bus, on_loop, on_thread, loop_ident, thread_ident


def test_nothing_of_a_stopped_bus_takes_a_stranger_for_its_own_thread(
    stopped: tuple[Bus, Ref[Echo], Ref[ThreadEcho], int, int],
) -> None:
    bus, on_loop, on_thread, *idents = stopped
    calls: dict[str, tuple[Callable[[], object], object]] = {
        "stop an actor": (lambda: on_loop.stop(timeout=10), False),
        "stop one on a thread": (lambda: on_thread.stop(timeout=10), False),
        "ask a ref": (lambda: on_loop.ask(1, timeout=10), ActorStopped),
        "ask a ref on a thread": (lambda: on_thread.ask(1, timeout=10), ActorStopped),
        "tell a ref": (lambda: on_thread.tell(1), ActorStopped),
        "ask": (lambda: bus.ask(LOCAL / "loop", 1).get(timeout=10), ShuttingDown),
        "ask by the bus": (lambda: bus.ask(on_loop, 1).get(timeout=10), ShuttingDown),
        "tell": (lambda: bus.tell(LOCAL / "thread", 1).get(timeout=10), ShuttingDown),
        "spawn": (lambda: bus.spawn(Echo), ShuttingDown),
        "stop the bus": (bus.stop, None),
        "start it again": (bus.start, PeerbusError),
    }
    for ident in idents:
        found = with_identifier(ident, lambda: {name: outcome_of(call) for name, (call, _) in calls.items()})
        assert found == {name: expected for name, (_, expected) in calls.items()}


def test_a_bus_that_nobody_left_forgets_the_thread_of_its_loop() -> None:
    bus = Bus()
    gone: list[object] = []

    def run() -> int:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(bus.__aenter__())
        gone.append(loop)
        return get_ident()

    try:
        ident = on_a_thread(run)
        with capture_logs() as logs:
            assert bus.lost() is not None
            assert bus.lost() is not None
        assert [entry["event"] for entry in logs] == ["the event loop has ended, and nobody has left the bus"]
        assert with_identifier(ident, lambda: outcome_of(lambda: bus.ask(LOCAL / "x", 1).get())) is ShuttingDown
        assert with_identifier(ident, lambda: outcome_of(lambda: bus.spawn(Echo))) is ShuttingDown
        assert bus.thread == ENDED
        for thread in threading.enumerate():
            if thread is not threading.current_thread():
                thread.join(10)  # fails for one that logging has made up on the thread that ended
    finally:  # it may be skipped
        for loop in gone:
            assert isinstance(loop, asyncio.AbstractEventLoop)
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()


def test_what_is_bound_to_a_thread_hears_of_its_end_on_it_and_before_its_join_returns() -> None:
    class Owner:
        ended_on = 0

        def thread_ended(self) -> None:
            self.ended_on = get_ident()

    owner, other = Owner(), Owner()

    def run() -> int:
        bind_to_thread(owner)
        bind_to_thread(Owner())  # gone by then
        return get_ident()

    assert on_a_thread(run) == owner.ended_on
    assert other.ended_on == 0
