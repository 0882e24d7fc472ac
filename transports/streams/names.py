"""Looks up the addresses of host names, on threads that nobody waits for.

Law 1. The system's resolver (`getaddrinfo`) cannot be stopped. So it runs on daemon threads of its own: a dead name
       server holds up neither the event loop, nor its executor, nor the end of the program.
Law 2. There is one look-up a name at a time, however many wait for it, and each waits no longer than it wants to.
Law 3. Threads, names in the queue and names that are remembered are bounded. Names that failed last time leave some
       threads to the others, and what hangs is not counted with the rest, so that no good one starves for dead ones.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Names", "SystemLookUp", "look_up"]

#: Look-ups at once: more than a node has dead names, and 8 MiB of address space (not of memory) each.
MAX_THREADS: Final = 32
#: Of these, as many as names may have whose last look-up failed.
MAX_THREADS_OF_FAILED: Final = 24
#: Threads at once, with those that hang: the system gives up a look-up in the end, after half a minute or so.
MOST_THREADS: Final = 128
#: Seconds after which one hangs, as its servers are dead.
HANGS_AFTER: Final = 2.0
#: Names that wait for a thread, and names whose last answer is remembered.
MAX_NAMES: Final = 512
#: Seconds for which an answer is good, and for which a failure is: dials that come together ask once.
FOUND_FOR: Final = 2.0
FAILED_FOR: Final = 0.5
#: Seconds for which the last good answer stands in where no server answers (RFC 8767 §5 allows days).
STALE_FOR: Final = 3600.0
#: Addresses of one name that are kept; those of a crowd are as good as all.
MAX_ADDRESSES: Final = 64

#: What looks up a name: its addresses as text, in the order of preference (RFC 6724). Raises OSError, UnicodeError.
SystemLookUp = Callable[[str], list[str]]


def look_up(name: str) -> list[str]:
    """Ask the system's resolver: hosts file, name servers, whatever it is set up for. It may take minutes."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return [_with_zone(address) for *_, address in found]


def _with_zone(address: tuple[object, ...]) -> str:
    # The text of a link-local address leaves out its zone where the system gives that as a number.
    host = str(address[0])
    zone = address[3] if len(address) == 4 else 0
    return f"{host}%{zone}" if zone and "%" not in host else host


@dataclass(slots=True)
class _Answer:
    """The last look-up of a name: what it found, or why not; and what was found last."""

    at: float
    found: tuple[str, ...] = ()
    error: Exception | None = None
    good: tuple[str, ...] = ()
    good_at: float = -float("inf")


@dataclass(slots=True)
class _LookUp:
    """One that is under way, or waits for a thread, and those that wait for it."""

    failed_before: bool
    running: bool = False
    #: When it began.
    began: float = 0.0
    waiters: dict[asyncio.Future[None], asyncio.AbstractEventLoop] = field(default_factory=dict)


class Names:
    """See the module. May be used by several event loops at once. `system` is the lowest level, which tests replace.

    Threads: up to `MAX_THREADS`, and `MOST_THREADS` with those that hang, each for as long as there are names to look
    up (waits for: the system's resolver; feeds: `find`).
    """

    def __init__(self, system: SystemLookUp = look_up, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._system = system
        self._clock = clock
        self._lock = threading.Lock()
        #: By name, the one that was looked up longest ago first.
        self._answers: dict[str, _Answer] = {}
        self._under_way: dict[str, _LookUp] = {}
        self._threads = 0

    async def find(self, name: str, *, timeout: float) -> tuple[str, ...]:
        """The addresses of a name, each once, the preferred first; never none.

        Where no server answers these are the last ones that one gave, for up to an hour. Raises TimeoutError where
        there is no answer within `timeout` seconds, and what the system's resolver raises: OSError, UnicodeError.
        """
        loop = asyncio.get_running_loop()
        with self._lock:
            answer = self._answers.get(name)
            if answer is not None and self._clock() - answer.at < (FAILED_FOR if answer.error else FOUND_FOR):
                return self._result(answer)
            waiter = loop.create_future()
            if not self._wait_for(name, waiter, loop):
                raise OSError(f"{MAX_NAMES} names wait to be looked up already")
        try:
            async with asyncio.timeout(timeout):
                await waiter
        except TimeoutError:
            with self._lock:
                answer = self._answers.get(name)
                if answer is not None and (stale := self._stale(answer)):
                    return stale
            raise
        finally:
            self._forget(name, waiter)
        with self._lock:
            answer = self._answers.get(name)
        if answer is None:  # pushed out by 500 others in the same instant
            raise OSError(f"{name} was looked up and forgotten at once: too many names")
        return self._result(answer)

    @property
    def under_way(self) -> int:
        """Names that are being looked up or wait for that."""
        with self._lock:
            return len(self._under_way)

    # Answers.

    def _result(self, answer: _Answer) -> tuple[str, ...]:
        if answer.error is None:
            return answer.found
        no_server = isinstance(answer.error, socket.gaierror) and answer.error.errno == socket.EAI_AGAIN
        if no_server and (stale := self._stale(answer)):
            return stale
        raise _copy_of(answer.error)

    def _stale(self, answer: _Answer) -> tuple[str, ...]:
        return answer.good if self._clock() - answer.good_at < STALE_FOR else ()

    # Queueing. With the lock held, but for `_forget`.

    def _wait_for(self, name: str, waiter: asyncio.Future[None], loop: asyncio.AbstractEventLoop) -> bool:
        asked = self._under_way.get(name)
        if asked is None:
            if len(self._under_way) >= MAX_NAMES:
                return False
            answer = self._answers.get(name)
            asked = self._under_way[name] = _LookUp(answer is not None and answer.error is not None)
        asked.waiters[waiter] = loop
        self._start_thread()
        return True

    def _forget(self, name: str, waiter: asyncio.Future[None]) -> None:
        with self._lock:
            asked = self._under_way.get(name)
            if asked is not None:
                asked.waiters.pop(waiter, None)
                if not asked.waiters and not asked.running:
                    del self._under_way[name]
                elif not asked.waiters and name not in self._answers:
                    # It runs on, and whoever asks meanwhile joins it: to be slow is to have failed.
                    asked.failed_before = True
                self._start_thread()  # it may hang, and others wait

    def _hangs(self, asked: _LookUp) -> bool:
        return asked.running and self._clock() - asked.began > HANGS_AFTER

    def _start_thread(self) -> None:
        if self._threads >= MAX_THREADS:
            hanging = sum(map(self._hangs, self._under_way.values()))
            if self._threads - hanging >= MAX_THREADS or self._threads >= MOST_THREADS:
                return
        if self._next() is not None:
            self._threads += 1
            try:
                threading.Thread(target=self._run, name="peerbus names", daemon=True).start()
            except RuntimeError:  # no more threads, or the interpreter ends: the next one that asks tries again
                self._threads -= 1

    def _next(self) -> str | None:
        """The name to be looked up next: of those that did not fail last time, then of the others, the first to come.

        None where nothing waits, or only what has its share of the threads already.
        """
        failed = None
        for name, asked in self._under_way.items():
            if asked.running:
                continue
            if not asked.failed_before:
                return name
            failed = failed or name
        failing = (asked for asked in self._under_way.values() if asked.running and asked.failed_before)
        share = sum(not self._hangs(asked) for asked in failing)
        return failed if share < MAX_THREADS_OF_FAILED else None

    # Threads.

    def _run(self) -> None:
        while True:
            with self._lock:
                name = self._next()
                if name is None:
                    self._threads -= 1
                    return
                asked = self._under_way[name]
                asked.running, asked.began = True, self._clock()
            found: tuple[str, ...] = ()
            error: Exception | None = None
            try:
                found = tuple(dict.fromkeys(self._system(name)))[:MAX_ADDRESSES]
            except Exception as failure:  # noqa: BLE001  # whoever waits raises it
                error = failure
            if not found and error is None:
                error = socket.gaierror(socket.EAI_NONAME, "the name has no address")
            self._finish(name, found, error)

    def _finish(self, name: str, found: tuple[str, ...], error: Exception | None) -> None:
        with self._lock:
            now = self._clock()
            before = self._answers.pop(name, None)
            answer = self._answers[name] = _Answer(now, found, error, found, now)
            if error is not None:
                answer.good, answer.good_at = ((), now) if before is None else (before.good, before.good_at)
            while len(self._answers) > MAX_NAMES:
                del self._answers[next(iter(self._answers))]
            asked = self._under_way.pop(name)
        for waiter, loop in asked.waiters.items():
            try:
                loop.call_soon_threadsafe(_wake, waiter)
            except RuntimeError:  # that loop has closed: nobody waits there any more
                continue


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _copy_of(error: Exception) -> Exception:
    """The error anew, for each that asked: one that is raised twice keeps the frames of both."""
    try:
        return type(error)(*error.args)
    except TypeError:
        return OSError(str(error))
