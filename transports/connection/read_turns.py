"""Whose bytes are looked through next: peers that send more than a turn of the loop has time for take turns.

Law 1: what a turn of the loop spends on such peers together is SLICE seconds, and one frame: whatever they send, and
       however many they are, nobody else waits longer for the loop.
Law 2: the frames of one peer are taken in their order, and its stream is read no further while some of them wait.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import Context
from typing import Protocol

__all__ = ["FRAMES", "SLICE", "ReadTurns"]

#: Seconds: a tenth of what an honest ask may take beside a flood. In half of it one honest peer that sends 64 KiB at a
#: time was read at 0.6 of its rate, as it was made to wait for nobody in every turn.
SLICE = 0.002
#: The same in frames, for a clock that stands still meanwhile, as that of a simulation.
FRAMES = 4096


class Behind(Protocol):
    """One whose frames wait."""

    def go_on(self, until: float) -> bool:
        """Take frames until that time. True: none is left."""


class ReadTurns:
    """Those of one node. On the loop's thread only."""

    __slots__ = ("_behind", "_handle", "_left", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._behind: deque[Behind] = deque()
        self._handle: asyncio.Handle | None = None
        #: Seconds that are left of this turn of the loop.
        self._left = SLICE

    @property
    def crowded(self) -> bool:
        """Somebody's frames wait, or this turn has had its time: who comes now waits for the next one."""
        return bool(self._behind) or self._left <= 0.0

    def spent(self, seconds: float) -> None:
        """So much of this turn went into somebody's frames."""
        self._left -= seconds
        self._plan()

    def wait(self, reader: Behind) -> None:
        """It has frames that wait. Once for each time that it falls behind."""
        self._behind.append(reader)
        self._plan()

    def _plan(self) -> None:
        if self._handle is None:
            self._handle = self._loop.call_soon(self._turn, context=Context())

    def _turn(self) -> None:
        self._handle = None
        self._left = SLICE
        until = self._loop.time() + SLICE
        for _ in range(len(self._behind)):
            reader = self._behind.popleft()
            if not reader.go_on(until):
                self._behind.append(reader)
            if self._loop.time() >= until:
                break
        if self._behind:
            self._plan()
