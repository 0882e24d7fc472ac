"""Programs written for Pykka run when their base class becomes `peerbus.actors.Actor`, without a bus."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pykka
import pytest
from pykka_echo import WAIT, Echo, inside

from peerbus.actors import Actor, Ref, WouldDeadlock
from peerbus.actors.engine.thread_cell import ThreadCell


@pytest.fixture(autouse=True)
def _stop_all() -> Iterator[None]:
    yield
    pykka.ActorRegistry.stop_all(timeout=WAIT)


def thread_of(ref: Ref[Any]) -> threading.Thread:
    """The thread that runs the actor."""
    assert isinstance(ref._cell, ThreadCell)
    return ref._cell.thread


def test_tell_ask_and_stop() -> None:
    ref = Echo.start()
    assert isinstance(ref, pykka.ActorRef)
    assert ref.tell("anything") is not None
    assert ref.ask("hello") == "hello"
    assert ref.ask(None) is None
    assert ref.ask({"command": 1}, timeout=WAIT) == {"command": 1}
    assert ref.is_alive()
    assert ref.stop() is True
    assert not ref.is_alive()
    assert ref.stop() is False
    with pytest.raises(pykka.ActorDeadError):
        ref.tell("late")
    with pytest.raises(pykka.ActorDeadError, match="not found"):
        ref.ask("late")
    late = ref.ask("late", block=False)
    with pytest.raises(pykka.ActorDeadError):
        late.get(timeout=WAIT)


def test_names_urns_and_reprs_are_pykkas() -> None:
    ref = Echo.start()
    assert uuid.UUID(ref.actor_urn).version == 4
    assert str(ref) == f"Echo ({ref.actor_urn})"
    assert repr(ref) == f"<ActorRef for {ref}>"
    assert "Echo" in str(inside(ref))
    assert ref.actor_class is Echo
    assert ref.ask("thread").name.startswith("Echo")


def test_an_actor_runs_on_a_thread_of_its_own_which_may_be_a_daemon() -> None:
    class Daemon(Echo):
        use_daemon_thread = True

    assert Echo.start().ask("thread") is not threading.current_thread()
    assert not Echo.start().ask("thread").daemon
    assert Daemon.start().ask("thread").daemon


def test_hooks_run_in_pykkas_order() -> None:
    hooks: list[str] = []
    ref = Echo.start(hooks)
    ref.ask(1)
    ref.stop()
    assert hooks == ["start", "stop"]


def test_an_exception_in_an_ask_goes_to_the_asker_and_the_actor_lives() -> None:
    ref = Echo.start()
    with pytest.raises(ZeroDivisionError, match="asked"):
        ref.ask(ZeroDivisionError("asked"))
    assert ref.ask(1) == 1


def test_an_exception_in_a_tell_stops_the_actor_after_on_failure() -> None:
    hooks: list[str] = []
    ref = Echo.start(hooks)
    ref.tell(ZeroDivisionError("told"))
    assert ref.actor_stopped.wait(WAIT)
    thread_of(ref).join(WAIT)
    assert hooks == ["start", "failure told"]
    assert pykka.ActorRegistry.get_all() == []


def test_an_on_failure_that_fails_and_an_on_stop_that_fails_still_end_the_actor() -> None:
    class Fails(Echo):
        def on_stop(self) -> None:
            raise ValueError

        def on_failure(self, *_: Any) -> None:
            raise ValueError

    told, stopped = Fails.start(), Fails.start()
    told.tell(ValueError("x"))
    assert told.actor_stopped.wait(WAIT)
    assert stopped.stop(timeout=WAIT) is True


def test_an_on_start_that_fails_stops_the_actor() -> None:
    class Fails(Echo):
        def on_start(self) -> None:
            raise ValueError

    ref = Fails.start()
    assert ref.actor_stopped.wait(WAIT)
    with pytest.raises(pykka.ActorDeadError):
        ref.ask(1, timeout=WAIT)


def test_an_actor_may_stop_itself_in_on_start_and_more_than_once() -> None:
    class Early(Echo):
        def on_start(self) -> None:
            self.stop()
            self.stop()

    hooks: list[str] = []
    ref = Early.start(hooks)
    assert ref.actor_stopped.wait(WAIT)
    thread_of(ref).join(WAIT)
    assert hooks == ["stop"]


def test_messages_sent_before_a_stop_are_handled_and_later_ones_get_an_error() -> None:
    ref, gate = Echo.start(), threading.Event()
    held = ref.ask(gate, block=False)
    before = ref.ask("before", block=False)
    stops = [ref.stop(block=False) for _ in range(3)]
    after = ref.ask("after", block=False)
    gate.set()
    assert held.get(timeout=WAIT) is True
    assert before.get(timeout=WAIT) == "before"
    assert stops[0].get(timeout=WAIT) is True
    with pytest.raises(pykka.ActorDeadError):
        after.get(timeout=WAIT)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
@pytest.mark.parametrize("asked", [True, False])
def test_what_is_no_exception_stops_every_actor(error: BaseException, asked: bool) -> None:
    hooks: list[str] = []
    first, second = Echo.start(hooks), Echo.start()
    if asked:
        future = first.ask(error, block=False)
        with pytest.raises(pykka.ActorDeadError):
            future.get(timeout=WAIT)
    else:
        first.tell(error)
    for ref in (first, second):
        assert ref.actor_stopped.wait(WAIT)
        thread_of(ref).join(WAIT)
    assert hooks == ["start", "stop"]
    assert pykka.ActorRegistry.get_all() == []


def test_a_timeout_is_pykkas_and_the_actor_goes_on() -> None:
    ref, gate = Echo.start(), threading.Event()
    with pytest.raises(pykka.Timeout):
        ref.ask(gate, timeout=0.01)
    future = ref.ask("later", block=False)
    with pytest.raises(pykka.Timeout):
        future.get(timeout=0.01)
    gate.set()
    assert future.get(timeout=WAIT) == "later"


def test_actors_block_on_each_other() -> None:
    class Front(Actor):
        def __init__(self, back: Ref[Echo]) -> None:
            super().__init__()
            self.back = back

        def on_receive(self, message: Any) -> Any:
            return self.back.ask(message, timeout=WAIT)

    chain: Ref[Any] = Echo.start()
    for _ in range(5):
        chain = Front.start(chain)
    assert chain.ask("deep", timeout=WAIT) == "deep"


def test_an_actor_that_blocks_on_itself_is_told_so() -> None:
    class Selfish(Actor):
        def on_receive(self, message: Any) -> Any:
            if message == "proxy":
                return self.actor_ref.proxy().on_receive("x").get()
            if message == "stop":
                return self.actor_ref.stop()
            return self.actor_ref.ask("x")

    ref = Selfish.start()
    for message in ("ask", "proxy", "stop"):
        with pytest.raises(WouldDeadlock, match=r"Selfish|thread"):
            ref.ask(message, timeout=WAIT)
