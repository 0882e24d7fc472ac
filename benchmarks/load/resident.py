"""The resident memory of this process, its peak since one asked, and how late the loop's timers are."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from time import perf_counter

__all__ = ["Peak", "resident"]

_STATM = Path("/proc/self/statm")
_PAGE = os.sysconf("SC_PAGE_SIZE")
#: Seconds between two looks: a queue that grows by 32 MiB in less would have to be very fast.
_EVERY = 0.05


def resident() -> int:
    """Bytes of memory of this process that are in RAM (Linux)."""
    return int(_STATM.read_text(encoding="ascii").split()[1]) * _PAGE


class Peak:
    """Looks at the memory by a timer of the loop, and keeps the largest value. `late`: seconds, the latest timer."""

    def __init__(self) -> None:
        self.bytes = resident()
        self.late = 0.0
        self._arm()

    def _arm(self) -> None:
        self._due = perf_counter() + _EVERY
        self._timer = asyncio.get_running_loop().call_later(_EVERY, self._look)

    def _look(self) -> None:
        self.bytes = max(self.bytes, resident())
        self.late = max(self.late, perf_counter() - self._due)
        self._arm()

    def reset(self) -> None:
        """Begin anew."""
        self.bytes = resident()

    def close(self) -> None:
        """Look no more."""
        self._timer.cancel()
