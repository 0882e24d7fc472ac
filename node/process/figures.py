"""What the operating system says of this process: processor time, memory, file descriptors, threads."""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import threading
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ...native import build_name

__all__ = ["ProcessFigures", "process_figures"]

_PROC = Path("/proc/self")


@dataclass(frozen=True, slots=True)
class ProcessFigures:
    """This process at an instant. Times are seconds, sizes bytes; `open_fds` is None where the system does not say.

    `build`: which of the two builds of the package it runs, `native` (the core is compiled) or `pure`.
    """

    pid: int
    started: float
    cpu_seconds: float
    resident_bytes: int
    threads: int
    open_fds: int | None
    max_fds: int
    build: str


def _started() -> float:
    """When the process began, in seconds since 1970; now, as it is imported, where the system does not say."""
    now = time.time()
    with contextlib.suppress(OSError, ValueError, IndexError):
        # proc(5): field 22 is the start in ticks since boot; the name of the program, in brackets, may have spaces.
        ticks = int((_PROC / "stat").read_text().rpartition(")")[2].split()[19])
        uptime = float(Path("/proc/uptime").read_text().split()[0])
        return now - uptime + ticks / os.sysconf("SC_CLK_TCK")
    return now


#: Seconds of the calendar that differ from what was found before are a calendar that was set; less is one that is kept
#: right, and a figure that moves would look like a restart.
_SET = 1.0
#: The real ones: in a simulation too the process began when it did.
_calendar = time.time
_clock = partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic


class _Start:
    """When the process began, by the calendar of now: it may have been set since."""

    def __init__(self) -> None:
        self._found = _started()
        self._offset = _calendar() - _clock()

    def by_now(self) -> float:
        jump = _calendar() - _clock() - self._offset
        if abs(jump) >= _SET:
            self._found += jump
            self._offset += jump
        return self._found


_START = _Start()


def process_figures() -> ProcessFigures:
    """Read them now; some 50 µs."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    # Of memory the system says elsewhere only the most that there was, in KiB, on macOS in bytes.
    resident = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    open_fds: int | None = None
    with contextlib.suppress(OSError, ValueError, IndexError):
        resident = int((_PROC / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        open_fds = len(os.listdir(_PROC / "fd")) - 1  # without the one that this look takes
    return ProcessFigures(
        pid=os.getpid(),
        started=_START.by_now(),
        cpu_seconds=used.ru_utime + used.ru_stime,
        resident_bytes=resident,
        threads=threading.active_count(),
        open_fds=open_fds,
        max_fds=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        build=build_name(),
    )
