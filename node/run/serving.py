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
    came = _SignalsHeard(this_task, signals)
    early = came.open(loop, reloads=reload is not None)
    try:
        if early is not None:
            came.heard.append(early)
            raise asyncio.CancelledError
        async with node:
            came.up = True
            notifier.ready(loop)
            await _first(node.wait_stopped(), came.told.wait(), _reloads(came.hung_up, reload, notifier, node))
            notifier.stopping()
            if came.heard:
                first = came.heard[0].name
                log.info("shutting down", node=node.name, signal=first, hint="a second signal stops at once")
    except asyncio.CancelledError:
        if not came.heard:
            raise
        return 128 + came.heard[-1]
    finally:
        came.close(loop)
        notifier.close()
    return 128 + signal.SIGINT if signal.SIGINT in came.heard else 0


class _SignalsHeard:
    """The signals that came while a node runs in `task`; `signals` heard them before, and does again afterwards."""

    def __init__(self, task: asyncio.Task[object], signals: ProcessSignals | None) -> None:
        self._task = task
        self._signals = signals
        #: One to stop came; one to reload.
        self.told, self.hung_up = asyncio.Event(), asyncio.Event()
        #: Those to stop, in order.
        self.heard: list[signal.Signals] = []
        #: The node has started: the first one leaves it the time to finish.
        self.up = False

    def open(self, loop: asyncio.AbstractEventLoop, *, reloads: bool) -> signal.Signals | None:
        """Hear them from now on. Returns one to stop that came before."""
        for number in STOPS:
            loop.add_signal_handler(number, self._hear, number)
        if reloads or self._signals is not None:
            loop.add_signal_handler(signal.SIGHUP, self._hear_reload)
        if self._signals is None:
            return None
        early = self._signals.taken()
        self._signals.obeyed()
        if self._signals.reload:
            self._hear_reload()
        return early

    def close(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hear no more."""
        if self._signals is not None:
            self._signals.take_back(loop, (*STOPS, signal.SIGHUP))  # the loop may wait for its threads now
            return
        for number in (*STOPS, signal.SIGHUP):
            loop.remove_signal_handler(number)

    def _hear(self, number: signal.Signals) -> None:
        self.heard.append(number)
        self.told.set()
        if not self.up or len(self.heard) > 1:
            self._task.cancel()

    def _hear_reload(self) -> None:
        if self._signals is not None and self._signals.lost_terminal():
            self._hear(signal.SIGHUP)
        else:
            self.hung_up.set()


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
