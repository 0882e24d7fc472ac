"""Accepts socket streams: admits, shakes hands side by side, and hands over what is authenticated."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from ...actors.base import HandshakeFailed, StreamBroken, StreamClosed, new_task
from .arrival_limit import ArrivalLimit
from .endpoint import Endpoint
from .socket_handshake import handshake_error
from .socket_stream import SocketStream
from .transport import HANDSHAKE_TIMEOUT, MAX_PENDING_HANDSHAKES, Refused

__all__ = ["SocketListener"]

#: Out of descriptors or memory: connections wait in the kernel's queue meanwhile (accept(2)).
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
#: Seconds to wait then, as asyncio's own servers do.
_EXHAUSTED_PAUSE: Final = 1.0
#: The listening socket itself is no longer one; anything else concerns one caller only.
_FATAL: Final = frozenset({errno.EBADF, errno.EINVAL, errno.ENOTSOCK, errno.EOPNOTSUPP})


class SocketListener:
    """The `Listener` of the transports that run on sockets.

    The loop calls it when connections wait. Tasks: one `handshake` for each connection, at most
    MAX_PENDING_HANDSHAKES together with the streams that nobody has taken; these feed `accept`.
    """

    def __init__(
        self,
        sock: socket.socket,
        endpoint: Endpoint,
        *,
        welcome: Callable[[socket.socket, Endpoint | None], Awaitable[SocketStream]],
        source: Callable[[object], Endpoint | None],
        limit: ArrivalLimit | None = None,
        on_refused: Refused | None = None,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        self._socket = sock
        self._endpoint = endpoint
        self._welcome = welcome
        self._source = source
        self._limit = limit
        self._on_refused = on_refused
        self._on_close = on_close
        self._ready: deque[SocketStream] = deque()
        self._arrived = asyncio.Event()
        self._closed = False
        self._failure: OSError | None = None
        self._handshakes: dict[asyncio.Task[None], socket.socket] = {}
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.TimerHandle | None = None
        self._watch()

    @property
    def endpoint(self) -> Endpoint:
        """As `Listener.endpoint`."""
        return self._endpoint

    async def accept(self) -> SocketStream:
        """As `Listener.accept`; StreamBroken if the system took the listening socket away."""
        while not self._ready:
            if self._closed:
                raise StreamClosed(f"the listener on {self._endpoint} was closed")
            if self._failure is not None:
                raise StreamBroken(f"{self._endpoint}: {self._failure}") from self._failure
            self._arrived.clear()
            await self._arrived.wait()
        return self._ready.popleft()

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
        waiting = len(self._handshakes) + len(self._ready)
        return f"<SocketListener {self._endpoint} pending={waiting} closed={self._closed}>"

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
        refusal: HandshakeFailed | None = None
        if len(self._handshakes) + len(self._ready) >= MAX_PENDING_HANDSHAKES:
            refusal = HandshakeFailed("busy", f"{MAX_PENDING_HANDSHAKES} connections are pending")
        elif self._limit is not None and source is not None and not self._limit.admit(source.host, self._loop.time()):
            refusal = HandshakeFailed("rate", f"too many connections a second from {source.host}")
        if refusal is not None:
            sock.close()
            self._refuse(source, refusal)
            return
        task = new_task(self._shake_hands(sock, source), loop=self._loop, name=f"handshake {source}")
        self._handshakes[task] = sock
        task.add_done_callback(self._handshake_done)

    async def _shake_hands(self, sock: socket.socket, source: Endpoint | None) -> None:
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT):
                stream = await self._welcome(sock, source)
        except HandshakeFailed as error:
            self._refuse(source, error)
        except TimeoutError:
            text = f"no handshake within {HANDSHAKE_TIMEOUT} s"
            self._refuse(source, HandshakeFailed("timeout", text))
        except OSError as error:
            refusal = handshake_error(error)
            refusal.__cause__ = error
            self._refuse(source, refusal)
        else:
            if self._closed:
                stream.abort()
                return
            self._ready.append(stream)
            self._arrived.set()

    def _handshake_done(self, task: asyncio.Task[None]) -> None:
        sock = self._handshakes.pop(task)
        if task.cancelled():
            # It may have been cancelled before its first step, when nobody else owns the socket.
            with contextlib.suppress(OSError):
                sock.close()
        elif isinstance(error := task.exception(), Exception):
            self._refuse(None, error)

    def _refuse(self, source: Endpoint | None, error: Exception) -> None:
        if self._on_refused is not None:
            # Not called from here: a callback that raises must not end the listener.
            self._loop.call_soon(self._on_refused, source, error)
