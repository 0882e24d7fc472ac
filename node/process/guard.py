"""What a process gives up so that others learn less of it: files for others, core dumps, tracers, new privileges."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

__all__ = ["GUARDS", "Guarding", "ProcessGuard", "guard_process", "is_shielded", "shield"]

#: Numbers of prctl(2).
_GET_DUMPABLE, _SET_DUMPABLE, _SET_NO_NEW_PRIVS = 3, 4, 38


@dataclass(frozen=True, slots=True)
class ProcessGuard:
    """Something that is given up for good; `apply` raises OSError where the system does not do it."""

    name: str
    why: str
    apply: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Guarding:
    """What came of one: `problem` is empty where it holds now."""

    guard: ProcessGuard
    problem: str


def _prctl(option: int, value: int) -> None:
    if sys.platform != "linux":
        raise OSError(0, "only Linux has it")
    if ctypes.CDLL(None, use_errno=True).prctl(option, *map(ctypes.c_ulong, (value, 0, 0, 0))):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def shield() -> None:
    """Let no other process of this user trace this one, or read its memory. Raises OSError where that cannot be.

    It ends where another program begins (execve(2)): whoever starts one of its own says so to that one. The rest of
    `GUARDS` goes on.
    """
    _prctl(_SET_DUMPABLE, 0)


def is_shielded() -> bool:
    """Whether `shield` holds for this process."""
    return sys.platform == "linux" and not int(ctypes.CDLL(None).prctl(_GET_DUMPABLE))


GUARDS: Final = (
    ProcessGuard("umask 077", "what it makes is its user's alone, also what reactors make", lambda: os.umask(0o077)),
    ProcessGuard(
        "no core dump",
        "a core dump would have the private key in it",
        lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
    ),
    ProcessGuard(
        "not dumpable",
        "no other process of its user may trace it, or read its memory and environment (prctl(2))",
        shield,
    ),
    ProcessGuard(
        "no new privileges",
        "nothing that it starts gets more rights than it has, also no setuid program (prctl(2))",
        lambda: _prctl(_SET_NO_NEW_PRIVS, 1),
    ),
)


def guard_process() -> tuple[Guarding, ...]:
    """Apply all of `GUARDS` to this process, for good; one that fails is told, and no reason to go without others."""
    return tuple(Guarding(guard, _applied(guard)) for guard in GUARDS)


def _applied(guard: ProcessGuard) -> str:
    try:
        guard.apply()
    except (OSError, ValueError) as error:
        return str(getattr(error, "strerror", None) or error)
    return ""
