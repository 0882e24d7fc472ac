"""Connections whose TLS has more to be read than a turn of the loop has time for: they go on one after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import Context
from typing import Protocol

__all__ = ["IDLE", "SLICE", "TlsTurns"]

#: What a turn of the loop has for those that are watched: records that carry something, 2 µs each where it is a byte.
SLICE = 512
#: How many of them one is worth that carries nothing: a KeyUpdate takes 20 µs.
IDLE = 10


class BehindTls(Protocol):
    """One that has bytes which wait."""

    def go_on(self) -> None:
        """It may read again, in the next turn of the loop."""


class TlsTurns:
    """Those of one context, on whatever loop they run. Without one nobody waits."""

    __slots__ = ("_behind", "_context", "_planned", "left")

    def __init__(self) -> None:
        self._behind: deque[BehindTls] = deque()
        self._context = Context()
        self._planned = False
        #: What is left of this turn of the loop, and perhaps of one before.
        self.left = SLICE

    def wait(self, one: BehindTls) -> None:
        """It has bytes that wait. Once for each time that it falls behind."""
        self._behind.append(one)
        self.plan()

    def plan(self) -> None:
        """In the next turn of the loop all is there again, and those that wait may go on."""
        if self._planned:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.left = SLICE
            return
        self._planned = True
        loop.call_soon(self._turn, context=self._context)

    def _turn(self) -> None:
        self._planned = False
        self.left = SLICE
        if self._behind:
            self.plan()
            self._behind.popleft().go_on()
