"""Event loops for tests: one whose clock jumps when nothing can run, and both keep what is logged on them."""

from __future__ import annotations

import asyncio
import functools
import inspect
import selectors
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context
from typing import Any, ParamSpec, TypeVarTuple, Unpack, cast

__all__ = [
    "Log",
    "RealTimeLoop",
    "VirtualTimeLoop",
    "eventually",
    "in_real_time",
    "in_virtual_time",
    "log_of_the_loop",
    "outcome_of",
]

P = ParamSpec("P")
Ts = TypeVarTuple("Ts")

#: Real seconds after which a loop with no timer, and with nothing that wakes it, has come to a dead end.
DEAD_END = 5.0
HALF_A_MILLISECOND = 0.0005


class _Jumping(selectors.DefaultSelector):
    loop: VirtualTimeLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            ready = super().select(DEAD_END)
            if not ready:
                raise RuntimeError("nothing will ever happen: no timer is set, and nothing can run")
            return ready
        self.loop.now += timeout
        return []


class _DueNow:
    """As much as uvloop's handle of a callback that waits for no time."""

    _source_traceback = None  # `call_later` of asyncio looks at it

    def __init__(self, timer: asyncio.TimerHandle) -> None:
        self.cancel, self.cancelled = timer.cancel, timer.cancelled


class Log:
    """Every line that the library logs, as a dict; a logger by its interface."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def __getattr__(self, level: str) -> Callable[..., None]:
        def write(event: str, **fields: Any) -> None:
            self.lines.append({"event": event, "level": level, **fields})

        return write

    def reasons(self, event: str) -> list[str]:
        """What was given as reason in the lines of that event."""
        return [line["reason"] for line in self.lines if line["event"] == event]


class RealTimeLoop(asyncio.SelectorEventLoop):
    """Asyncio's own."""

    def __init__(self, selector: selectors.BaseSelector | None = None) -> None:
        super().__init__(selector)
        self.log = Log()

    def logger_for(self, name: str) -> Log:
        """What the library asks a loop for."""
        return self.log


class VirtualTimeLoop(RealTimeLoop):
    """Starts at 0 seconds. Sockets and threads work, but time does not wait for them."""

    def __init__(self) -> None:
        selector = _Jumping()
        self.now = 0.0
        self._began = time.time()
        super().__init__(selector)
        selector.loop = self

    def time(self) -> float:
        return self.now

    def call_at(
        self, when: float, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """As uvloop, which counts milliseconds: the handle of what is due now cannot be asked `when`."""
        timer = super().call_at(when, callback, *args, context=context)
        return cast("asyncio.TimerHandle", _DueNow(timer)) if when - self.now < HALF_A_MILLISECOND else timer

    def wall_time(self) -> float:
        """What the library asks a loop for: the calendar goes on as this clock does."""
        return self._began + self.now


def in_virtual_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a test on a virtual clock; it fails if it leaves a task behind, or if the loop reports an error."""
    return _on(VirtualTimeLoop, test)


def in_real_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """The same on the real clock, for tests with sockets."""
    return _on(RealTimeLoop, test)


def _on(factory: Callable[[], RealTimeLoop], test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    async def watched(work: Coroutine[Any, Any, None]) -> None:
        errors: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
        await work
        for _ in range(3):
            await asyncio.sleep(0)
        left = sorted(task.get_name() for task in asyncio.all_tasks() - {asyncio.current_task()})
        assert not left, f"tasks left behind: {left}"
        assert not errors, f"the loop reports: {errors}"

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=factory) as runner:
            loop = runner.get_loop()
            assert isinstance(loop, RealTimeLoop)
            try:
                runner.run(watched(test(*args, **kwargs)))
            finally:
                # An error in a line leads to its frames, these to the bus, and that to the loop: by way of an envelope,
                # which the garbage collector does not look into.
                loop.log.lines.clear()

    del run.__wrapped__  # or pytest-asyncio takes it for a coroutine function
    run.__signature__ = inspect.signature(test)  # type: ignore[attr-defined]  # so that pytest sees its parameters
    return run


def log_of_the_loop() -> Log:
    """What was logged on the running loop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, RealTimeLoop)
    return loop.log


async def eventually(condition: Callable[[], object], within: float = 30.0) -> None:
    """Wait until the condition holds, at most `within` seconds of the loop's clock."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    while not condition():
        assert loop.time() < end, "it never happened"
        await asyncio.sleep(0.001)


async def outcome_of(awaitable: Awaitable[object]) -> object:
    """What an awaitable gives, or the exception that it raises."""
    try:
        return await awaitable
    except Exception as error:  # noqa: BLE001  # the point of it
        return error
