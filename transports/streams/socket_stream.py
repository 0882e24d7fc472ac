"""A stream over a connected socket, plain or TLS, on any asyncio event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Final, cast

from ...actors.base import StreamBroken, StreamClosed, weakly
from .endpoint import Endpoint
from .filling import FillingProtocol
from .path_end import PathEnd
from .receive_buffer import ReceiveBuffer
from .scope import Scope
from .tls_idle import WatchedTls
from .transport import FLUSH_TIMEOUT, HIGH_WATER, LOW_WATER, WHOLE_HERE
from .write_gate import WriteGate

__all__ = ["SocketStream"]

#: Bytes from which on the parts of a write are not joined first: a copy of 32 KiB costs what a longer call does.
GATHERED: Final = 32 * 1024
#: SO_LINGER on, zero seconds: closing sends RST, so that the other side cannot mistake a cut for
#: the end (RFC 9293 §3.10.5).
_RESET: Final = struct.pack("ii", 1, 0)


class SocketStream(PathEnd, asyncio.Protocol):
    """The `Stream` of the transports that run on sockets; `socket_handshake.open_stream` makes one.

    It has no task: the event loop calls its Protocol methods, which feed the receive buffer and
    the write gate.
    """

    def __init__(self, sock: socket.socket, *, handshaking: bool) -> None:
        super().__init__()
        self._socket = sock
        self._handshaking = handshaking
        self._transport: asyncio.Transport | None = None
        self._buffer = ReceiveBuffer()
        self._push: Callable[[bytes], None] | None = None
        self._gate = WriteGate()
        self._lost = asyncio.Event()
        self._reading_paused = False
        #: The transport hands the parts of a write to the system as they are.
        self._gathers = False
        #: It is told of another way to read only where it begins to read.
        self._begins_anew = False
        #: What reads in its place while a place is filled.
        self._filling: FillingProtocol | None = None
        #: The node id that was authenticated, or None.
        self.peer_id: str | None = None

    @property
    def transport(self) -> asyncio.Transport:
        """What the event loop made of the socket. Raises: StreamBroken before it did."""
        if self._transport is None:
            raise StreamBroken("the socket was never connected")
        return self._transport

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS session, or None."""
        tls: ssl.SSLObject | None = self.transport.get_extra_info("ssl_object")
        return tls

    def adopt(self, transport: asyncio.Transport) -> None:
        """Read from and write to this transport, from now on."""
        self._transport = transport
        plain = transport.get_extra_info("sslcontext") is None
        self._begins_anew = plain and type(transport).__module__.startswith("uvloop")
        self._gathers = self._begins_anew or (plain and sys.version_info >= (3, 12))
        transport.set_write_buffer_limits(high=HIGH_WATER, low=LOW_WATER)
        tls = transport.get_extra_info("ssl_object")
        if isinstance(tls, WatchedTls):
            # What is left there waits for its turn: the loop reads no more bytes meanwhile, and finds no end.
            transport.set_read_buffer_limits(high=1, low=0)  # type: ignore[attr-defined]  # of TLS transports alone
            tls.read_again_by(weakly(self._read_again))

    def place(self, local: Endpoint, remote: Endpoint, *, own_id: str | None) -> None:
        """Say where the two ends are; what was authenticated is added."""
        self._local = local.with_peer(own_id if self.secure else None)
        self._remote = remote.with_peer(self.peer_id)

    # The Stream.

    @property
    def secure(self) -> bool:
        """As `Stream.secure`: whether it runs over TLS."""
        return self.peer_id is not None

    @property
    def whole(self) -> int | None:
        """As `Sizing.whole`."""
        return WHOLE_HERE if self.remote.scope is Scope.MACHINE else None

    async def read(self) -> bytes:
        """As `Stream.read`."""
        data = await self._buffer.read()
        if self._reading_paused and self._buffer.room:
            self._resume_reading()
        return data

    def push_to(self, receive: Callable[[bytes], None]) -> None:
        """As `Pushing.push_to`."""
        self._resume_reading()  # before: whoever takes what is here may have it wait with what is not
        for data in self._buffer.drain():
            receive(data)
        self._push = receive

    def fill(self, place: memoryview, came: Callable[[int], None]) -> None:
        """As `Filling.fill`."""
        if self._push is None or self._lost.is_set():
            return
        if self._filling is None:
            self._filling = FillingProtocol(self, self._filled)
            self._read_by(self._filling)
        self._filling.fill(place, came)

    def pause(self) -> None:
        """As `Pausing.pause`."""
        transport = self._transport
        if transport is not None and not self._reading_paused and not self._closed and not transport.is_closing():
            self._reading_paused = True
            transport.pause_reading()

    def resume(self) -> None:
        """As `Pausing.resume`."""
        if not self._closed:
            self._resume_reading()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """As `Stream.write`."""
        self._gate.check()
        if self._transport is not None:
            # From Python 3.12 on asyncio keeps references to what it could not send at once.
            self._transport.write(data if type(data) is bytes else bytes(data))

    def writelines(self, parts: Sequence[bytes | bytearray | memoryview]) -> None:
        """As `Stream.writelines`."""
        if self._gathers and sum(map(len, parts)) > GATHERED:
            self._gate.check()
            self.transport.writelines([part if type(part) is bytes else bytes(part) for part in parts])
        else:
            # Joined: one system call and one run of TLS records, on every loop and version.
            self.write(b"".join(parts))

    @property
    def writable(self) -> bool:
        """As `Stream.writable`."""
        return self._gate.open

    async def drain(self) -> None:
        """As `Stream.drain`."""
        await self._gate.wait_open()

    async def aclose(self) -> None:
        """As `Stream.aclose`."""
        if not self._closed:
            self._close()
            self._finish_writing()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_TIMEOUT):
                    await self._lost.wait()
                    return
            transport = self._transport
            if transport is not None and not transport.is_closing() and not transport.get_write_buffer_size():
                # All was sent, only the other side's end is missing: the kernel delivers the rest. Never a second
                # time: a TLS transport of asyncio that is closed twice can be aborted no more (Python 3.11.2).
                transport.close()
            self._reset()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_TIMEOUT):
                    await self._lost.wait()
        except asyncio.CancelledError:
            self._reset()
            raise

    def abort(self) -> None:
        """As `Stream.abort`."""
        self._close()
        self._reset()

    def __repr__(self) -> str:
        state = "lost" if self._lost.is_set() else "closed" if self._closed else "open"
        return f"<SocketStream {self._local} ⇄ {self._remote} {state}>"

    def _filled(self) -> None:
        if self._filling is not None:
            self._filling = None
            self._read_by(self)

    def _read_by(self, protocol: asyncio.BaseProtocol) -> None:
        transport = self.transport
        transport.set_protocol(protocol)
        if self._begins_anew and not self._reading_paused and not transport.is_closing():
            transport.pause_reading()
            transport.resume_reading()

    def _close(self) -> None:
        if self._transport is not None and not self._lost.is_set():
            self._filled()
        self._closed = True
        self._push = None
        self._buffer.close()
        self._gate.fail(StreamClosed("the stream was closed on this side"))

    def _finish_writing(self) -> None:
        if self._transport is None or self._lost.is_set():
            return
        # Closing a socket while unread bytes wait in it resets the connection, and what was
        # written last is lost with it (RFC 9293 §3.10.4): so say the end, then read to theirs.
        self._resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()

    def _reset(self) -> None:
        if self._transport is None or self._lost.is_set():
            return
        if self._socket.family != socket.AF_UNIX:
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def _resume_reading(self) -> None:
        if self._reading_paused and self._transport is not None and not self._lost.is_set():
            self._reading_paused = False
            self._transport.resume_reading()

    def _read_again(self) -> None:
        """Something that has come waits in TLS; where reading is paused that waits for its end."""
        transport = self._transport
        if transport is not None and not self._reading_paused and not self._lost.is_set():
            transport.pause_reading()
            transport.resume_reading()

    def _fail(self, error: StreamBroken) -> None:
        self._buffer.feed_end(error)
        if not self._gate.failed:
            self._gate.fail(error)

    def _is_truncated(self) -> bool:
        """Whether somebody in between ended the connection: the loops do not tell (RFC 8446 §6.1)."""
        tls = self.tls if not self._closed else None
        if tls is None:
            return False
        try:
            # Empty once the other side's close_notify was read; "want read" if there was none.
            return tls.read(1) != b""
        except ssl.SSLError:
            return True

    # The Protocol: the event loop calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ready; a TLS handshake may have to follow."""
        raw = cast("asyncio.Transport", transport)
        if self._handshaking:
            # The first bytes are the handshake's, and not for this object.
            raw.pause_reading()
            self._transport = raw
        else:
            self.adopt(raw)

    def data_received(self, data: bytes) -> None:
        """Bytes arrived."""
        if self._closed:
            return
        if self._push is not None:
            self._push(data)
            return
        self._buffer.feed(data)
        if self._buffer.full and not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """The other side ended its bytes; the loop then closes this side too."""
        if self._is_truncated():
            self._fail(StreamBroken(f"the connection to {self._remote} ended without an end of its TLS"))
            return False
        self._buffer.feed_end()
        if not self._gate.failed:
            self._gate.fail(StreamBroken("the other side closed the stream"))
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone: after an end, a close of ours, or a failure."""
        self._lost.set()
        self._filling = None
        self.settle("closed")
        why = f": {exc}" if exc is not None else " without an end"
        error = StreamBroken(f"the connection to {self._remote or 'the other side'} broke{why}")
        error.__cause__ = exc
        self._fail(error)

    def pause_writing(self) -> None:
        """HIGH_WATER is reached."""
        self._gate.shut()

    def resume_writing(self) -> None:
        """LOW_WATER is reached."""
        self._gate.reopen()
