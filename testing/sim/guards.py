"""Guards around a simulation: code that reaches for the real clock, a thread, a socket or chance is named, and fails.

Laws:
1.  Guards act on one thread only, and only while they are up: other threads of the process notice nothing.
2.  Only what is looked up on its module or class when it is called can be caught (`time.monotonic()`), not what
    was taken from there before (`from time import monotonic`).
3.  Modules in ALLOWED may: they measure or log, and nothing in a simulation depends on what they get.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
import secrets
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from threading import get_ident
from types import FrameType
from typing import Any

from ...transports.streams import Identity
from .failures import EscapedSimulation

__all__ = ["guarded"]

#: Top-level modules that may use clocks, threads and chance while a simulation runs.
ALLOWED = frozenset(
    {
        "_pytest",
        "coverage",
        "faulthandler",
        "gc",
        "hypothesis",
        "importlib",
        "linecache",
        "logging",
        "pluggy",
        "pytest",
        "pytest_asyncio",
        "pytest_timeout",
        "structlog",
        "tempfile",
        "tracemalloc",
        "unittest",
        "warnings",
    }
)
#: Modules that only pass a call on: their caller is meant.
PASSING = frozenset(
    {"_strptime", "concurrent", "contextlib", "random", "secrets", "socket", "subprocess", "threading", "uuid"}
)

#: What is guarded, by what stands in its place.
CLOCKS = (
    "clock_gettime",
    "clock_gettime_ns",
    "monotonic",
    "monotonic_ns",
    "perf_counter",
    "perf_counter_ns",
    "process_time",
    "process_time_ns",
    "sleep",
    "thread_time",
    "thread_time_ns",
    "time",
    "time_ns",
)
#: Functions of `time` that read the clock where they are not given a time, and the place of that argument.
CLOCKS_BY_DEFAULT = {"asctime": 0, "ctime": 0, "gmtime": 0, "localtime": 0, "strftime": 1}
#: Functions of `socket` that hold a descriptor already when they make the socket, which would be left open.
SOCKET_MAKERS = ("fromfd", "socketpair")
#: Functions of `os` that make a process. (`posix_spawn` and others come with a platform.)
PROCESS_MAKERS = tuple(
    name for name in ("fork", "forkpty", "posix_spawn", "posix_spawnp", "system") if hasattr(os, name)
)
#: Functions of `random` that share one unseeded generator.
CHANCES = tuple(
    name
    for name in random.__all__
    if isinstance(getattr(getattr(random, name), "__self__", None), random.Random) and name not in ("seed", "getstate")
)

#: What takes their place in a simulation.
CLOCK = "the running loop's time() and asyncio.sleep()"
CHANCE = "sim.rng or sim.rng_for(name)"

Guard = Callable[..., Any]


@contextlib.contextmanager
def guarded(fail: Callable[[EscapedSimulation], object]) -> Iterator[None]:
    """Put the guards up around a block, for the calling thread.

    A call that escapes raises EscapedSimulation, and `fail` hears of it, in case somebody swallows that.
    Raises RuntimeError where a simulation runs already in this process.
    """
    if hasattr(time.monotonic, "guards"):
        raise RuntimeError("another simulation runs in this process; run them one after the other")
    guards = _Guards(fail)
    try:
        guards.clocks()
        guards.chance()
        guards.doors()
        yield
    finally:
        guards.down()


class _Guards:
    """The guards that are up: what they stand in for, and what a call that they catch comes to."""

    def __init__(self, fail: Callable[[EscapedSimulation], object]) -> None:
        self._fail = fail
        self._thread = get_ident()
        #: What was replaced: where, its name, and what it was.
        self._put: list[tuple[object, str, object]] = []

    def clocks(self) -> None:
        """Guard what tells the time, or waits for it."""
        for name in CLOCKS:
            self._guard(time, name, f"time.{name}()", CLOCK)
        for name, place in CLOCKS_BY_DEFAULT.items():
            self._guard(time, name, f"time.{name}()", CLOCK, unless=place)
        self._put += [(dt, "datetime", dt.datetime), (dt, "date", dt.date)]
        dt.date = _date(lambda what: self._check(what, CLOCK))  # type: ignore[misc]  # while the guards are up
        dt.datetime = _datetime(lambda what: self._check(what, CLOCK))  # type: ignore[misc]  # likewise

    def chance(self) -> None:
        """Guard what chooses at random."""
        for name in CHANCES:
            self._guard(random, name, f"random.{name}()", CHANCE)
        for name in ("getrandbits", "random"):
            self._guard(random.SystemRandom, name, f"random.SystemRandom().{name}()", CHANCE)
        self._guard_seed()
        self._guard(os, "urandom", "os.urandom()", CHANCE)
        for name in ("uuid1", "uuid4"):
            self._guard(uuid, name, f"uuid.{name}()", CHANCE)
        for name in ("token_bytes", "token_hex", "token_urlsafe", "choice", "randbelow", "randbits"):
            self._guard(secrets, name, f"secrets.{name}()", CHANCE)
        self._put.append((Identity, "generate", Identity.__dict__["generate"]))
        Identity.generate = _refused_key(self._check)  # type: ignore[method-assign]  # likewise

    def doors(self) -> None:
        """Guard what leads out of the thread, the process and the machine."""
        self._guard(threading.Thread, "start", "threading.Thread.start()", "actors on the loop, and asyncio tasks")
        self._guard(socket.socket, "__init__", "socket.socket()", "memory:// endpoints")
        for name in SOCKET_MAKERS:
            self._guard(socket, name, f"socket.{name}()", "memory:// endpoints")
        self._guard(subprocess.Popen, "__init__", "subprocess.Popen()", "more nodes in the same simulation")
        for name in PROCESS_MAKERS:
            self._guard(os, name, f"os.{name}()", "more nodes in the same simulation")

    def down(self) -> None:
        """Put back what was there."""
        for owner, name, real in reversed(self._put):
            setattr(owner, name, real)

    def _check(self, what: str, instead: str) -> None:
        if get_ident() != self._thread:
            return
        frame = _caller(sys._getframe(2))
        if frame is None:
            return
        where = f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_qualname}, line {frame.f_lineno}"
        error = EscapedSimulation(f"{what} escapes the simulation, called by {where}: use {instead}")
        self._fail(error)
        raise error

    def _guard(self, owner: Any, name: str, what: str, instead: str, *, unless: int | None = None) -> None:
        real: Guard = getattr(owner, name)

        def stand_in(*args: Any, **kwargs: Any) -> Any:
            if unless is None or len(args) <= unless or args[unless] is None:
                self._check(what, instead)
            return real(*args, **kwargs)

        stand_in.guards = real  # type: ignore[attr-defined]  # says that a guard is up
        self._put.append((owner, name, owner.__dict__[name]))
        setattr(owner, name, stand_in)

    def _guard_seed(self) -> None:
        real, check = random.Random.seed, self._check

        def seed(self: random.Random, a: Any = None, version: int = 2) -> None:
            if a is None:
                check("random.Random() without a seed", "sim.rng_for(name)")
            real(self, a, version)

        self._put.append((random.Random, "seed", real))
        random.Random.seed = seed  # type: ignore[method-assign]  # likewise


def _caller(frame: FrameType | None) -> FrameType | None:
    """The caller, behind those that only pass on; None for one that may."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        root = module.partition(".")[0]
        if root in ALLOWED:
            return None
        if root not in PASSING and module != __name__:
            return frame
        frame = frame.f_back
    return None


def _refused_key(check: Callable[[str, str], None]) -> Any:
    real = Identity.generate

    def generate() -> Identity:
        """See `Identity.generate`."""
        check("Identity.generate()", "Identity.from_seed(…), or sim.node(…), which makes one from its seed")
        return real()

    return staticmethod(generate)


def _datetime(check: Callable[[str], None]) -> Any:
    real = dt.datetime

    class Guarded(real, metaclass=_StandIn):  # type: ignore[valid-type, misc]  # a class that is chosen at run time
        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            return real(*args, **kwargs)

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            check("datetime.now()")
            return real.now(tz)

        @classmethod
        def utcnow(cls) -> Any:
            check("datetime.utcnow()")
            return real.now(dt.UTC).replace(tzinfo=None)

        @classmethod
        def today(cls) -> Any:
            check("datetime.today()")
            return real.now()

    return Guarded


def _date(check: Callable[[str], None]) -> Any:
    real = dt.date

    class Guarded(real, metaclass=_StandIn):  # type: ignore[valid-type, misc]  # likewise
        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            return real(*args, **kwargs)

        @classmethod
        def today(cls) -> Any:
            check("date.today()")
            return real.today()

    return Guarded


class _StandIn(type):
    """A class that takes the instances of the one that it stands for as its own."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.__mro__[1])

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.__mro__[1])
