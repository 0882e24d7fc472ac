"""Whose bytes are looked through next: peers that send more than a turn of the loop has time for take turns.

Law 1: what a turn of the loop spends on such peers together is SLICE seconds, and one step (a small frame, a message):
       whatever they send, and however many they are, nobody else waits longer for the loop.
Law 2: what a step took beyond that is paid back. As much time is for others before the next turn, so all of them
       together have a half of the processor at most; and whose step it was has to wait until each of the others that
       wait has had as much (deficit round robin, Shreedhar and Varghese 1995, in time in place of bytes).
Law 3: the frames of one peer are taken in their order, and its stream is read no further while some of them wait.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import Context
from time import thread_time
from typing import Protocol

__all__ = ["FRAMES", "SLICE", "ReadTurns"]

#: Seconds: a tenth of what an honest ask may take beside a flood. In half of it one honest peer that sends 64 KiB at a
#: time was read at 0.6 of its rate, as it was made to wait for nobody in every turn.
SLICE = 0.002
#: The same in frames, for a clock that stands still meanwhile, as that of a simulation.
FRAMES = 4096
#: Seconds beyond SLICE that are not paid back: less than a loop can wait.
FORGIVEN = 0.0005


class Behind(Protocol):
    """One whose frames wait."""

    #: Seconds that others are to have before it goes on: kept by `ReadTurns`, 0.0 at first.
    owes: float

    def go_on(self, until: float) -> bool:
        """Take frames until that time. True: none is left."""


class ReadTurns:
    """Those of one node. On the loop's thread only."""

    __slots__ = ("_behind", "_context", "_handle", "_left", "_loop", "_time")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._time = loop.time
        self._behind: deque[Behind] = deque()
        self._handle: asyncio.Handle | None = None
        self._context = Context()
        #: Seconds that are left of this turn of the loop, and perhaps of one before; less than none: to be paid back.
        self._left = SLICE

    @property
    def crowded(self) -> bool:
        """Somebody's frames wait, or this turn has had its time: whoever comes now waits for the next one."""
        return bool(self._behind) or self._left <= 0.0

    def begin(self) -> tuple[float, float]:
        """Somebody begins to look through what came: what `spent` is told in the end."""
        return self._time(), thread_time()

    def spent(self, reader: Behind, began: tuple[float, float]) -> None:
        """What this turn of the loop has had since then was for its frames."""
        now, before = self._time(), began[0]
        seconds = now - before
        if seconds > SLICE:  # by the clock others may have had the processor; one of a simulation stands still
            seconds = min(seconds, max(SLICE, thread_time() - began[1]))
            reader.owes += seconds - SLICE
        self._left -= seconds
        if self._left < SLICE / 2:
            self._plan()

    def wait(self, reader: Behind) -> None:
        """It has frames that wait. Once for each time that it falls behind."""
        self._behind.append(reader)
        self._plan()

    def _plan(self) -> None:
        if self._handle is None:
            self._handle = self._loop.call_soon(self._turn, context=self._context)

    def _turn(self) -> None:
        self._handle = None
        owed, self._left = -self._left, 0.0
        if owed > FORGIVEN:
            self._handle = self._loop.call_later(owed, self._turn, context=self._context)
            return
        self._left = SLICE
        end = self._time() + SLICE
        for _ in range(len(self._behind)):
            reader = self._next()
            began = self.begin()
            if not reader.go_on(end):
                self._behind.append(reader)
            self.spent(reader, began)
            if self._left <= 0.0:
                break
        if self._behind:
            self._plan()

    def _next(self) -> Behind:
        """Whose turn it is. One that is passed over owes less; the last of those that wait owes nothing to anybody."""
        behind = self._behind
        while len(behind) > 1 and behind[0].owes > SLICE / 2:
            behind[0].owes -= SLICE
            behind.rotate(-1)
        reader = behind.popleft()
        if not behind:
            reader.owes = 0.0
        return reader
