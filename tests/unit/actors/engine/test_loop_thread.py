"""A manager on an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from peerbus.actors import WouldDeadlock
from peerbus.actors.engine.loop_thread import LoopThread


@asynccontextmanager
async def manager(events: list[str], fail: str = "", inside: Callable[[], None] | None = None) -> AsyncIterator[None]:
    if fail == "enter":
        raise OSError("enter")
    events.append(f"enter {threading.current_thread().name}")
    if inside is not None:
        asyncio.get_running_loop().call_soon(inside)
    yield
    await asyncio.sleep(0)
    events.append("leave")


def test_the_manager_is_entered_and_left_on_the_thread() -> None:
    events: list[str] = []
    runner = LoopThread(manager(events), name="runner")
    runner.start()
    assert events == ["enter runner"]
    runner.stop()
    runner.stop()
    assert events == ["enter runner", "leave"]


def test_what_entering_raises_is_raised_by_start() -> None:
    runner = LoopThread(manager([], "enter"), name="runner")
    with pytest.raises(OSError, match="enter"):
        runner.start()
    runner.stop()


def test_a_loop_that_cannot_be_made_is_raised_by_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> asyncio.AbstractEventLoop:
        raise OSError("no files left")

    monkeypatch.setattr("peerbus.actors.engine.loop_thread.new_event_loop", refuse)
    runner = LoopThread(manager([]), name="runner")
    with pytest.raises(OSError, match="no files left"):
        runner.start()


def test_stop_on_its_own_thread_is_refused() -> None:
    refused: list[BaseException] = []
    done = threading.Event()

    def stop() -> None:
        try:
            runner.stop()
        except WouldDeadlock as error:
            refused.append(error)
        done.set()

    runner = LoopThread(manager([], inside=stop), name="runner")
    runner.start()
    assert done.wait(10)
    runner.stop()
    assert len(refused) == 1
