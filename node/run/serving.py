"""Running one node until it stops by itself or is told to by a signal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Protocol, TypeVar

from ...actors.base import get_logger
from ...actors.engine import new_event_loop
from ..process import Notifier
from ..process_signals import STOPS, ProcessSignals

__all__ = ["ServedNode", "run_loop", "serve"]

log = get_logger("peerbus.node")

T = TypeVar("T")


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


async def serve(
    node: ServedNode,
    *,
    signals: ProcessSignals | None = None,
    reload: Callable[[], Awaitable[None]] | None = None,
    notifier: Notifier | None = None,
) -> int:
    """Run `node` in the main thread; return the exit status of the process.

    The first SIGTERM or SIGINT (Ctrl-C) shuts the node down in order, a second one cancels that. The status is
    0, or 128 and the signal's number (130 for Ctrl-C) after SIGINT and after a shutdown that was cut short.
    Whatever the node raises passes through. `signals`: have heard them until now, and end the process after a second
    one that cannot be obeyed. `reload`: done at SIGHUP, once the node is up. `notifier`: tells the service manager.

    Task: `_reloads` (waits for: SIGHUP; feeds: `reload`).
    """
    notifier = Notifier() if notifier is None else notifier
    loop = asyncio.get_running_loop()
    this_task = asyncio.current_task()
    assert this_task is not None
    told, hung_up = asyncio.Event(), asyncio.Event()
    heard: list[signal.Signals] = []
    up, early = False, None

    def hear(number: signal.Signals) -> None:
        heard.append(number)
        told.set()
        if not up or len(heard) > 1:
            this_task.cancel()

    def hear_reload() -> None:
        if signals is not None and signals.lost_terminal():
            hear(signal.SIGHUP)
        else:
            hung_up.set()

    for number in STOPS:
        loop.add_signal_handler(number, hear, number)
    if reload is not None or signals is not None:
        loop.add_signal_handler(signal.SIGHUP, hear_reload)
    if signals is not None:
        early = signals.taken()
        signals.obeyed()
        if signals.reload:
            hear_reload()
    try:
        if early is not None:
            heard.append(early)
            raise asyncio.CancelledError
        async with node:
            up = True
            notifier.ready(loop)
            await _first(node.wait_stopped(), told.wait(), _reloads(hung_up, reload, notifier, node))
            notifier.stopping()
            if heard:
                log.info("shutting down", node=node.name, signal=heard[0].name, hint="a second signal stops at once")
    except asyncio.CancelledError:
        if not heard:
            raise
        return 128 + heard[-1]
    finally:
        if signals is not None:
            signals.take_back(loop, (*STOPS, signal.SIGHUP))  # the loop may wait for its threads now
        else:
            for number in (*STOPS, signal.SIGHUP):
                loop.remove_signal_handler(number)
        notifier.close()
    return 128 + signal.SIGINT if signal.SIGINT in heard else 0


async def _reloads(
    hung_up: asyncio.Event, reload: Callable[[], Awaitable[None]] | None, notifier: Notifier, node: ServedNode
) -> None:
    """Reload each time that SIGHUP came; what comes meanwhile is one more time."""
    while True:
        await hung_up.wait()
        hung_up.clear()
        if reload is not None:
            notifier.reloading()
            try:
                await reload()
            except Exception as error:  # what is wrong in a reload shall not end a node that runs
                log.error("the reload failed", node=node.name, exc_info=error)
            notifier.ready(asyncio.get_running_loop())


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
