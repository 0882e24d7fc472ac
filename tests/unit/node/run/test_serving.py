"""Serving: the node runs until it stops or a signal comes, and the exit status says which."""

from __future__ import annotations

import asyncio
import os
import signal
from types import TracebackType
from typing import Self

import pytest
from structlog.testing import capture_logs

from peerbus.actors.base.errors import ListenFailed
from peerbus.node.run.serving import run_loop, serve


class Script:
    """A node that sends its own process signals: when it starts, when it is up, when it stops."""

    name = "script"

    def __init__(
        self,
        *,
        starting: signal.Signals | None = None,
        up: signal.Signals | None = None,
        stopping: signal.Signals | None = None,
        error: Exception | None = None,
    ) -> None:
        self.starting, self.up, self.stopping, self.error = starting, up, stopping, error
        self.told: list[str] = []

    async def __aenter__(self) -> Self:
        self.told.append("start")
        await self._raise(self.starting)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.told.append("stop")
        await self._raise(self.stopping)
        self.told.append("stopped")

    async def wait_stopped(self) -> None:
        if self.error:
            raise self.error
        await self._raise(self.up)

    async def _raise(self, number: signal.Signals | None) -> None:
        if number is not None:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()


def run(node: Script) -> int:
    async def main() -> int:
        return await serve(node)

    return run_loop(main())


def test_a_node_that_stops_by_itself_ends_well() -> None:
    node = Script()
    assert run(node) == 0
    assert node.told == ["start", "stop", "stopped"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_shuts_the_node_down_in_order(number: signal.Signals, status: int) -> None:
    node = Script(up=number)
    with capture_logs() as logged:
        assert run(node) == status
    assert node.told == ["start", "stop", "stopped"]
    (told,) = [entry for entry in logged if entry["event"] == "shutting down"]
    assert (told["node"], told["signal"], told["hint"]) == ("script", number.name, "a second signal stops at once")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_second_signal_cuts_the_shutdown_short(number: signal.Signals, status: int) -> None:
    node = Script(up=signal.SIGTERM, stopping=number)
    assert run(node) == status
    assert node.told == ["start", "stop"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_while_the_node_starts_ends_the_start(number: signal.Signals, status: int) -> None:
    node = Script(starting=number)
    assert run(node) == status
    assert node.told == ["start"]


def test_what_stops_the_node_is_raised_after_its_shutdown() -> None:
    node = Script(error=ListenFailed("tcp://127.0.0.1:1"))
    with pytest.raises(ListenFailed):
        run(node)
    assert node.told == ["start", "stop", "stopped"]


def test_the_signals_are_the_programs_own_again_afterwards() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    run(Script())
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_reload_that_fails_does_not_end_the_node_and_the_next_one_is_done() -> None:
    done: list[str] = []

    class Reloaded(Script):
        async def wait_stopped(self) -> None:
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.Event().wait()

    async def reload() -> None:
        done.append("reload")
        if len(done) == 1:
            os.kill(os.getpid(), signal.SIGHUP)
            raise RuntimeError("no such disk")
        os.kill(os.getpid(), signal.SIGTERM)

    async def main() -> int:
        return await serve(node, reload=reload)

    node = Reloaded()
    with capture_logs() as logged:
        assert run_loop(main()) == 0
    assert done == ["reload", "reload"]
    assert node.told == ["start", "stop", "stopped"]
    assert [entry["event"] for entry in logged] == ["the reload failed", "shutting down"]


async def test_a_cancelled_serve_is_not_taken_for_a_signal() -> None:
    class Forever(Script):
        async def wait_stopped(self) -> None:
            await asyncio.Event().wait()

    task = asyncio.create_task(serve(Forever()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
