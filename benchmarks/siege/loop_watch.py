"""What the loop of the attacked node is busy with: for how long at a time, and for how much of the time.

In processor time of its thread, so that neither depends on what else the machine does.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Self

__all__ = ["LoopWatch"]


class LoopWatch:
    """Times every callback of asyncio's own loop, from entering to leaving."""

    def __init__(self) -> None:
        self._run = asyncio.Handle._run
        self._longest, self._of = 0.0, ""
        self._began = time.monotonic(), time.process_time()

    def seen(self) -> dict[str, Any]:
        """The longest callback in seconds, whose it was, and the share of a processor, since this was called last."""
        wall, busy = time.monotonic(), time.process_time()
        share = (busy - self._began[1]) / max(wall - self._began[0], 1e-9)
        found = {"longest": self._longest, "of": self._of, "busy": share}
        self._longest, self._of, self._began = 0.0, "", (wall, busy)
        return found

    def __enter__(self) -> Self:
        run, clock = self._run, time.thread_time

        def timed(handle: asyncio.Handle) -> None:
            began = clock()
            try:
                run(handle)
            finally:
                took = clock() - began
                if took > self._longest:
                    self._longest, self._of = took, _named(handle)

        asyncio.Handle._run = timed  # type: ignore[method-assign,assignment]  # there is no other place to stand at
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.Handle._run = self._run  # type: ignore[method-assign]  # as above


def _named(handle: asyncio.Handle) -> str:
    callback: Any = getattr(handle, "_callback", None)
    callback = getattr(callback, "func", callback)
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        callback = owner.get_coro()
    return str(getattr(callback, "__qualname__", callback))
