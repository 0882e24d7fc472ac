"""The machine of a run: what it is, how busy others keep it, and what this process has of its memory."""

from __future__ import annotations

import gc
import os
import platform
import resource
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter

from peerbus.native import build_name

__all__ = ["ForeignLoad", "machine", "resident_bytes", "unique_bytes", "versions", "which"]

#: Linux's account of a process's memory, and of the machine's time.
_MEMORY = Path("/proc/self/smaps_rollup")
_TIME = Path("/proc/stat")
#: Seconds in which a program must say its version.
_PATIENCE = 30.0
#: Packages whose versions a reader of the numbers needs.
_PACKAGES = (
    "peerbus", "pykka", "msgpack", "msgspec", "uvloop", "pyzmq", "eclipse-zenoh", "nats-py", "grpcio", "xoscar",
)  # fmt: skip
#: Programs that say their version, and how they are asked.
_PROGRAMS = {
    "nats-server": ("nats-server", "--version"),
    "Erlang/OTP": ("erl", "-noshell", "-eval", "io:put_chars(erlang:system_info(otp_release)), halt()."),
}


def machine() -> dict[str, str]:
    """Processor, kernel, interpreter, as text."""
    return {
        "processors": str(os.cpu_count()),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def versions() -> dict[str, str]:
    """Versions of what is measured; what is not installed is left out."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package) + (f" ({build_name()})" if package == "peerbus" else "")
        except PackageNotFoundError:
            continue
    for name, (program, *arguments) in _PROGRAMS.items():
        path = which(program)
        if path is not None:
            done = subprocess.run([path, *arguments], check=False, capture_output=True, text=True, timeout=_PATIENCE)
            found[name] = done.stdout.strip().rpartition(" ")[2]
    return found


def which(program: str) -> str | None:
    """Where a program is; Debian puts servers into a folder that not every user has in the path."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def unique_bytes() -> int:
    """Bytes of memory that are this process's alone (USS), after a full collection.

    Where the system does not tell (no Linux), the largest resident size so far, which rises in coarser steps.
    """
    gc.collect()
    try:
        lines = _MEMORY.read_text(encoding="ascii").splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) * 1024


def resident_bytes(pid: int) -> int:
    """Bytes of memory that a process has in memory (RSS); 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except OSError:
        return 0


@dataclass(frozen=True, slots=True)
class _Clock:
    wall: float
    busy: float
    own: float

    @classmethod
    def read(cls) -> _Clock:
        own = sum(
            usage.ru_utime + usage.ru_stime
            for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
        )
        try:
            fields = [int(field) for field in _TIME.read_text(encoding="ascii").partition("\n")[0].split()[1:]]
        except OSError:
            return cls(perf_counter(), 0.0, 0.0)
        idle = fields[3] + fields[4]
        return cls(perf_counter(), (sum(fields[:8]) - idle) / os.sysconf("SC_CLK_TCK"), own)


class ForeignLoad:
    """How many processors others kept busy since this was made; children count as ours once they were waited for."""

    def __init__(self) -> None:
        self._start = _Clock.read()

    def cores(self) -> float:
        """Processors, on average; 0 where the system does not tell."""
        end = _Clock.read()
        elapsed = max(end.wall - self._start.wall, 1e-9)
        return max(0.0, (end.busy - self._start.busy - (end.own - self._start.own)) / elapsed)
