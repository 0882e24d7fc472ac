"""Running one node until it stops by itself or is told to by a signal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from types import TracebackType
from typing import Protocol, TypeVar

from ..actors.base import get_logger
from ..actors.engine import new_event_loop
from .hard_stop import HardStop

__all__ = ["ServedNode", "run_loop", "serve"]

log = get_logger("peerbus.node")

T = TypeVar("T")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class ServedNode(Protocol):
    """What `serve` needs of a node: entering starts it, leaving shuts it down, waiting ends when it has stopped."""

    @property
    def name(self) -> str:
        """What the node is called."""

    async def __aenter__(self) -> object:
        """Start."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> bool | None:
        """Finish the work at hand and leave nothing behind."""

    async def wait_stopped(self) -> None:
        """Return once the node has stopped, for whatever reason."""


async def serve(node: ServedNode, *, hard_stop: HardStop | None = None) -> int:
    """Run `node` in the main thread; return the exit status of the process.

    The first SIGTERM or SIGINT (Ctrl-C) shuts the node down in order, a second one cancels that. The status is
    0, or 128 and the signal's number (130 for Ctrl-C) after SIGINT and after a shutdown that was cut short.
    Whatever the node raises passes through. `hard_stop`: ends the process after a second signal that cannot be obeyed.
    """
    loop = asyncio.get_running_loop()
    this_task = asyncio.current_task()
    assert this_task is not None
    told = asyncio.Event()
    heard: list[signal.Signals] = []
    up = False

    def hear(number: signal.Signals) -> None:
        heard.append(number)
        told.set()
        if not up or len(heard) > 1:
            this_task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, hear, number)
    if hard_stop is not None:
        hard_stop.watch(*_SIGNALS)
    try:
        async with node:
            up = True
            await _first(node.wait_stopped(), told.wait())
            if heard:
                log.info("shutting down", node=node.name, signal=heard[0].name, hint="a second signal stops at once")
    except asyncio.CancelledError:
        if not heard:
            raise
        return 128 + heard[-1]
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
        if hard_stop is not None and heard:
            hard_stop.watch(*_SIGNALS)  # until the process ends: the loop may wait for its threads now
    return 128 + signal.SIGINT if signal.SIGINT in heard else 0


def run_loop(main: Coroutine[object, object, T]) -> T:
    """Run `main` in a new event loop: uvloop's where it is installed, else asyncio's."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)


async def _first(*waits: Coroutine[object, object, object]) -> None:
    """Wait for the first of these, end the others, and raise what the first one raised."""
    tasks = [asyncio.ensure_future(_raised_by(wait)) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        raised = task.result()
        if raised is not None:
            raise raised


async def _raised_by(wait: Coroutine[object, object, object]) -> BaseException | None:
    # A task that ends with SystemExit ends its loop, and not what waits for the task.
    try:
        await wait
    except (SystemExit, KeyboardInterrupt) as error:
        return error
    return None
