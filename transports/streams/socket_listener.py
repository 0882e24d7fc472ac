"""Accepts socket streams: admits, shakes hands side by side, and hands over what is authenticated."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import random
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, Generic, Protocol, TypeVar

from ...actors.base import HandshakeFailed, StreamBroken, StreamClosed, new_task
from .arrival_limit import ArrivalLimit
from .endpoint import Endpoint
from .socket_handshake import handshake_error
from .startups import Startup, Startups
from .transport import HANDSHAKE_TIMEOUT, Provisional, Refused, Stream

__all__ = ["AcceptedStream", "SocketListener"]

#: Out of descriptors or memory: connections wait in the kernel's queue meanwhile (accept(2)).
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
#: Seconds to wait then, as asyncio's own servers do.
_EXHAUSTED_PAUSE: Final = 1.0
#: The listening socket itself is no longer one; anything else concerns one caller only.
_FATAL: Final = frozenset({errno.EBADF, errno.EINVAL, errno.ENOTSOCK, errno.EOPNOTSUPP})


class AcceptedStream(Stream, Provisional, Protocol):
    """A stream that tells its listener what became of it."""

    #: Called with that, once, where it is settled or lost.
    on_settled: Callable[[str], None] | None


_S = TypeVar("_S", bound=AcceptedStream)


class SocketListener(Generic[_S]):
    """The `Listener` of the transports that run on sockets. `welcome` makes a stream of a socket, which it then owns.

    The loop calls it when connections wait; `Startups` says which of them begin. Tasks: one `handshake` for each that
    has begun; these feed `accept`.
    """

    def __init__(
        self,
        sock: socket.socket,
        endpoint: Endpoint,
        *,
        welcome: Callable[[socket.socket, Endpoint | None], Awaitable[_S]],
        source: Callable[[object], Endpoint | None],
        hears_first: bool = False,
        limit: ArrivalLimit | None = None,
        on_refused: Refused | None = None,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        self._socket = sock
        self._endpoint = endpoint
        self._welcome = welcome
        self._source = source
        #: The caller speaks first, as in TLS: nothing begins until it has.
        self._hears_first = hears_first
        self._limit = limit
        self._on_refused = on_refused
        self._on_close = on_close
        self._ready: deque[_S] = deque()
        self._arrived = asyncio.Event()
        self._closed = False
        self._failure: OSError | None = None
        self._startups = Startups(random.Random())
        #: Those that wait to say something, or for their handshake.
        self._waiting: dict[Startup, tuple[socket.socket, Endpoint | None]] = {}
        #: Of those that have said nothing yet: what ends their time.
        self._silent: dict[Startup, asyncio.TimerHandle] = {}
        #: How those end whose handshake has begun; the sockets of those handshakes.
        self._begun: dict[Startup, Callable[[], object]] = {}
        self._handshakes: dict[asyncio.Task[None], socket.socket] = {}
        self._known: Callable[[str], bool] | None = None
        self._arrivals = 0
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.TimerHandle | None = None
        self._next: asyncio.TimerHandle | None = None
        self._watch()

    @property
    def endpoint(self) -> Endpoint:
        """As `Listener.endpoint`."""
        return self._endpoint

    async def accept(self) -> _S:
        """As `Listener.accept`; StreamBroken if the system took the listening socket away."""
        while not self._ready:
            if self._closed:
                raise StreamClosed(f"the listener on {self._endpoint} was closed")
            if self._failure is not None:
                raise StreamBroken(f"{self._endpoint}: {self._failure}") from self._failure
            self._arrived.clear()
            await self._arrived.wait()
        stream = self._ready.popleft()
        if self._known is None:
            stream.settle()  # whoever took it does not say what becomes of it
        return stream

    def guard(self, known: Callable[[str], bool]) -> None:
        """As `Guarded.guard`."""
        self._known = known

    async def aclose(self) -> None:
        """As `Listener.aclose`."""
        if self._closed:
            return
        self._closed = True
        self._arrived.set()
        self._unwatch()
        self._socket.close()
        if self._on_close is not None:
            self._on_close()
        if self._next is not None:
            self._next.cancel()
        for one in tuple(self._waiting):
            self._close_waiting(one)
        tasks = list(self._handshakes)
        for task in tasks:
            task.cancel()
        streams = list(self._ready)
        self._ready.clear()
        for stream in streams:
            stream.abort()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(stream.aclose() for stream in streams))

    def __repr__(self) -> str:
        return f"<SocketListener {self._endpoint} pending={len(self._startups)} closed={self._closed}>"

    def _watch(self) -> None:
        self._pause = None
        # Not `sock_accept`: cancelled in the turn in which a connection came, it would lose it.
        self._loop.add_reader(self._socket, self._accept_one)

    def _unwatch(self) -> None:
        self._loop.remove_reader(self._socket)
        if self._pause is not None:
            self._pause.cancel()

    def _accept_one(self) -> None:
        """Accept one connection: in a flood, one per turn of the loop and no more."""
        try:
            sock, address = self._socket.accept()
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            if error.errno in _FATAL:
                self._unwatch()
                self._failure = error
                self._arrived.set()
                return
            self._refuse(None, error)
            if error.errno in _EXHAUSTED:
                self._unwatch()
                self._pause = self._loop.call_later(_EXHAUSTED_PAUSE, self._watch)
            return
        sock.setblocking(False)
        self._admit(sock, self._source(address))

    def _admit(self, sock: socket.socket, source: Endpoint | None) -> None:
        now, host = self._loop.time(), "" if source is None else source.host
        if self._limit is not None and host and not self._limit.admit(host, now):
            sock.close()
            self._refuse(source, HandshakeFailed("rate", f"too many connections a second from {host}"))
            return
        self._arrivals += 1
        known = bool(host) and self._known is not None and self._known(host)
        # Callers over a Unix socket come from nowhere: each counts by itself.
        one, gone = self._startups.arrive(host or f"caller {self._arrivals}", now, known=known)
        if gone is not None:
            self._evict(gone)
        if one is None:
            sock.close()
            self._refuse(source, HandshakeFailed("busy", f"{len(self._startups)} connections are pending"))
            return
        self._waiting[one] = (sock, source)
        if not self._hears_first or _has_spoken(sock):
            self._spoke(one)
        else:
            self._silent[one] = self._loop.call_later(HANDSHAKE_TIMEOUT, self._was_silent, one)
            self._loop.add_reader(sock, self._spoke, one)

    def _spoke(self, one: Startup) -> None:
        """Its first bytes are there, or its end."""
        self._listened_to(one)
        may, gone = self._startups.spoke(one, self._loop.time())
        if gone is not None:
            self._evict(gone)
        if may:
            self._begin()
            return
        source = self._close_waiting(one)
        self._refuse(source, HandshakeFailed("busy", f"{len(self._startups)} connections are pending"))

    def _was_silent(self, one: Startup) -> None:
        source = self._close_waiting(one)
        self._startups.ended(one, "timeout", self._loop.time())
        self._refuse(source, HandshakeFailed("timeout", f"not a word within {HANDSHAKE_TIMEOUT} s"))

    def _listened_to(self, one: Startup) -> None:
        timer = self._silent.pop(one, None)
        if timer is not None:
            timer.cancel()
            self._loop.remove_reader(self._waiting[one][0])

    def _close_waiting(self, one: Startup) -> Endpoint | None:
        self._listened_to(one)
        sock, source = self._waiting.pop(one)
        sock.close()
        return source

    def _begin(self) -> None:
        now = self._loop.time()
        if self._next is not None:
            self._next.cancel()
            self._next = None
        begun, gone = self._startups.begin(now)
        for one in gone:
            self._evict(one)
        for one in begun:
            sock, source = self._waiting.pop(one)
            task = new_task(self._shake_hands(one, sock, source), loop=self._loop, name=f"handshake {source}")
            self._handshakes[task] = sock
            self._begun[one] = task.cancel
            task.add_done_callback(partial(self._handshake_done, one))
        if (due := self._startups.next_due(now)) is not None and not self._closed:
            self._next = self._loop.call_at(due, self._begin)

    def _evict(self, one: Startup) -> None:
        """It has to go for another."""
        self._startups.ended(one, "evicted", self._loop.time())
        if one in self._waiting:
            self._close_waiting(one)
        elif (end := self._begun.pop(one, None)) is not None:
            end()

    async def _shake_hands(self, one: Startup, sock: socket.socket, source: Endpoint | None) -> None:
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT):
                stream = await self._welcome(sock, source)
        except Exception as error:  # noqa: BLE001  # whatever a caller can bring about, it is refused for it
            refusal = _refusal_of(error)
            self._settled(one, refusal.reason)
            self._refuse(source, refusal)
            return
        if self._closed or one not in self._begun:
            stream.abort()
            return
        self._begun[one] = stream.abort
        stream.on_settled = partial(self._settled, one)
        self._ready.append(stream)
        self._arrived.set()

    def _handshake_done(self, one: Startup, task: asyncio.Task[None]) -> None:
        sock = self._handshakes.pop(task)
        if task.cancelled():
            self._settled(one, "")
            # It may have been cancelled before its first step, when nobody else owns the socket.
            with contextlib.suppress(OSError):
                sock.close()

    def _settled(self, one: Startup, reason: str) -> None:
        self._begun.pop(one, None)
        self._startups.ended(one, reason, self._loop.time())
        if len(self._waiting) > len(self._silent) and not self._closed:
            self._begin()

    def _refuse(self, source: Endpoint | None, error: Exception) -> None:
        if self._on_refused is not None:
            # Not called from here: a callback that raises must not end the listener.
            self._loop.call_soon(self._on_refused, source, error)


def _has_spoken(sock: socket.socket) -> bool:
    try:
        sock.recv(1, socket.MSG_PEEK)
    except (BlockingIOError, InterruptedError):
        return False
    except OSError:
        return True  # whoever reads it is told the same
    return True


def _refusal_of(error: Exception) -> HandshakeFailed:
    """What a handshake ended with, in the bus's words."""
    if isinstance(error, HandshakeFailed):
        return error
    if isinstance(error, TimeoutError):
        return HandshakeFailed("timeout", f"no handshake within {HANDSHAKE_TIMEOUT} s")
    refusal = (
        handshake_error(error)
        if isinstance(error, OSError)
        else HandshakeFailed("failed", f"{type(error).__name__}: {error}")
    )
    refusal.__cause__ = error
    return refusal
