"""Handlers that do not end although they are cancelled: a stop ends all the same, and says who does not."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from peerbus.actors import Actor, ActorStopped, Bus, PeerbusError, handles


def others_alive() -> list[str]:
    """The other threads, but for those that are ending: a busy machine may take its time for that."""
    others = [thread for thread in threading.enumerate() if thread is not threading.current_thread()]
    for thread in others:
        thread.join(10)
    return [thread.name for thread in others if thread.is_alive()]


async def _never() -> None:
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.get_running_loop().create_future()


class InTurn(Actor):
    @handles(int)
    async def handle(self, message: int) -> None:
        await _never()


class Beside(Actor):
    @handles(int, reentrant=True)
    async def handle(self, message: int) -> None:
        await _never()


class AtStop(Actor):
    async def on_stopping(self) -> None:
        await _never()

    def on_receive(self, message: object) -> object:
        return None


class InATask(Actor):
    @handles(int)
    async def handle(self, message: int) -> None:
        self.create_task(_never())
        await asyncio.sleep(0)
        self.put_aside()


class WithAChild(InTurn):
    async def on_started(self) -> None:
        self.spawn(InTurn, name="child").tell(1)


KINDS = [InTurn, Beside, AtStop, InATask, WithAChild]


@pytest.mark.parametrize("kind", KINDS)
def test_a_stop_ends_without_a_handler_that_swallows_its_cancellation(kind: type[Actor]) -> None:
    bus = Bus(shutdown_timeout=0.01).start()
    ref = bus.spawn(kind, name="stubborn")
    open_ones = [] if kind is AtStop else [bus.ask(ref, 1, timeout=1000), ref.ask(2, block=False)]
    bus.ask(bus.spawn(Probe), 0).get()  # the others have begun
    with capture_logs() as logs:
        bus.stop()
    said = [entry for entry in logs if entry["log_level"] == "error"]
    assert "stubborn" in [entry["actor"] for entry in said if "does not stop" in entry["event"]]
    for ask in open_ones:
        with pytest.raises(ActorStopped):
            ask.get()
    assert not ref.is_alive()
    assert others_alive() == []


class Probe(Actor):
    def on_receive(self, message: object) -> object:
        return message


@pytest.mark.parametrize("kind", KINDS)
def test_asyncio_run_ends_without_it_as_well(kind: type[Actor]) -> None:
    async def main() -> None:
        async with Bus(shutdown_timeout=0.01) as bus:
            bus.spawn(kind, name="stubborn").tell(1)
            await bus.ask(bus.spawn(Probe), 0)

    asyncio.run(main())


class Lends(Actor):
    def __init__(self, go: threading.Event) -> None:
        super().__init__()
        self.go = go

    @handles(int)
    async def handle(self, message: int) -> None:
        await asyncio.to_thread(self.go.wait, 30)


@pytest.fixture
def go() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(10)


def test_a_stop_ends_without_a_thread_that_a_handler_was_lent(
    go: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peerbus.actors.engine.loop_thread.SWEEP_TIMEOUT", 0.05)
    bus = Bus(shutdown_timeout=0.01).start()
    bus.spawn(Lends, go).tell(1)
    bus.ask(bus.spawn(Probe), 0).get()
    with capture_logs() as logs:
        bus.stop()
    assert any("a thread does not end" in entry["event"] for entry in logs)


def test_a_task_of_a_handlers_own_making_is_named_and_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peerbus.actors.engine.loop_thread.SWEEP_TIMEOUT", 0.05)
    tasks: list[object] = []

    class Makes(Actor):
        @handles(int)
        def handle(self, message: int) -> None:
            tasks.append(asyncio.get_running_loop().create_task(_never(), name="of their own"))

    bus = Bus(shutdown_timeout=0.01).start()
    bus.ask(bus.spawn(Makes), 1).get()
    with capture_logs() as logs:
        bus.stop()
    assert [entry["task"] for entry in logs if "a task does not end" in entry["event"]] == ["of their own"]


def test_a_loop_that_is_held_up_is_said_by_the_stop(go: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    class Holds(Actor):
        @handles(int)
        def handle(self, message: int) -> None:
            began.set()
            go.wait(30)

    monkeypatch.setattr("peerbus.actors.engine.loop_thread.MARGIN", 0.05)
    began = threading.Event()
    bus = Bus("held", shutdown_timeout=0.01).start()
    bus.spawn(Holds).tell(1)
    assert began.wait(10)
    with pytest.raises(PeerbusError, match="peerbus held does not stop: something holds up its event loop"):
        bus.stop()
    go.set()
    bus.stop()


def test_what_a_loop_lent_is_done_before_the_thread_ends() -> None:
    done: list[int] = []

    class Lent(Actor):
        @handles(int)
        async def handle(self, message: int) -> None:
            await asyncio.to_thread(done.append, message)

    bus = Bus().start()
    bus.ask(bus.spawn(Lent), 1).get()
    bus.stop()
    assert done == [1]
    assert others_alive() == []
