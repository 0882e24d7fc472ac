"""Connections whose TLS has more to be read than a turn of the loop has time for: they go on one after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import Context
from typing import Protocol

__all__ = ["SLICE", "TlsTurns"]

#: Seconds of a turn of the loop for those that have to be watched: 50 KeyUpdates, or 500 records of a byte each.
SLICE = 0.001


class BehindTls(Protocol):
    """One that has bytes which wait."""

    def go_on(self) -> None:
        """It may read again, in the next turn of the loop."""


class TlsTurns:
    """Those of one context, on whatever loop they run. Without one nobody waits."""

    __slots__ = ("_behind", "_planned", "left")

    def __init__(self) -> None:
        self._behind: deque[BehindTls] = deque()
        self._planned = False
        #: Seconds that are left of this turn of the loop.
        self.left = SLICE

    def spent(self, seconds: float) -> None:
        """So much of this turn went into somebody's records."""
        self.left -= seconds
        if not self._planned:
            self._plan()

    def wait(self, one: BehindTls) -> None:
        """It has bytes that wait. Once for each time that it falls behind."""
        self._behind.append(one)
        if not self._planned:
            self._plan()

    def _plan(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.left = SLICE
            return
        self._planned = True
        loop.call_soon(self._turn, context=Context())

    def _turn(self) -> None:
        self._planned = False
        self.left = SLICE
        if self._behind:
            self._plan()
            self._behind.popleft().go_on()
