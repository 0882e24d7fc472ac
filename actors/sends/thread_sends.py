"""The way of threads' sends to the loop: what they send while it is busy it takes together, in order."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

__all__ = ["ThreadSends"]

#: Sends that are made in one turn of the loop, before others have theirs.
TOGETHER: Final = 64


class HasLoop(Protocol):
    """What runs on the loop."""

    def on_loop(self, action: Callable[[], object]) -> bool:
        """Run `action` on the loop's thread, soon. False where the loop has closed."""


class ThreadSends:
    """One wake-up for all that threads send while the loop is busy, and not one for each."""

    __slots__ = ("_sends", "_told")

    def __init__(self) -> None:
        self._sends: deque[Callable[[], object]] = deque()
        #: The loop knows that there are some.
        self._told = False

    def put(self, host: HasLoop, send: Callable[[], object]) -> bool:
        """Make a send on the loop, behind those before it. From any thread; False where the loop has closed."""
        self._sends.append(send)
        if self._told:
            return True
        self._told = True
        if host.on_loop(partial(self._run, host)):
            return True
        self._told = False
        with contextlib.suppress(ValueError):
            self._sends.remove(send)
        return False

    def _run(self, host: HasLoop) -> None:
        self._told = False  # first: whoever puts from now on says so
        for _ in range(min(TOGETHER, len(self._sends))):
            self._sends.popleft()()
        if self._sends and not self._told:
            self._told = True
            host.on_loop(partial(self._run, host))
