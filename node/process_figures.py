"""What the operating system says of this process: processor time, memory, file descriptors, threads."""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from ..native import build_name

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


_STARTED = _started()


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
        started=_STARTED,
        cpu_seconds=used.ru_utime + used.ru_stime,
        resident_bytes=resident,
        threads=threading.active_count(),
        open_fds=open_fds,
        max_fds=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        build=build_name(),
    )
