"""A stream over a connected socket, plain or TLS, on any asyncio event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Final, cast

from ...actors.base import StreamBroken, StreamClosed
from .endpoint import Endpoint
from .filling import PEEK, Filler
from .loop_share import LoopShare
from .path_end import PathEnd
from .receive_buffer import ReceiveBuffer
from .scope import Scope
from .transport import FLUSH_TIMEOUT, HIGH_WATER, LOW_WATER, WHOLE_HERE
from .write_gate import WriteGate

__all__ = ["GATHERED", "SocketStream"]

#: Bytes from which on the parts of a write are not joined first: a copy of 32 KiB costs what a longer call does.
GATHERED: Final = 32 * 1024
#: SO_LINGER on, zero seconds: closing sends RST, so that the other side cannot mistake a cut for
#: the end (RFC 9293 §3.10.5).
_RESET: Final = struct.pack("ii", 1, 0)


class SocketStream(PathEnd, asyncio.BufferedProtocol):
    """The `Stream` of the transports that run on sockets; `socket_handshake.open_stream` makes one.

    It has no task: the event loop calls its Protocol methods, which feed the receive buffer and
    the write gate.
    """

    def __init__(self, sock: socket.socket, share: LoopShare) -> None:
        super().__init__()
        self._socket = sock
        self._transport: asyncio.Transport | None = None
        self._buffer = ReceiveBuffer()
        self._push: Callable[[bytes], None] | None = None
        self._gate = WriteGate()
        self._lost = asyncio.Event()
        self._reading_paused = False
        #: The transport hands the parts of a write to the system as they are.
        self._gathers = False
        #: Where the loop reads to, and where the reader wants the bytes of a large body.
        self._place, self._peek = share.place, share.place[:PEEK]
        self._filler = Filler()
        #: The node id that was authenticated, or None.
        self.peer_id: str | None = None

    @property
    def transport(self) -> asyncio.Transport:
        """What the event loop made of the socket. Raises: StreamBroken before it did."""
        if self._transport is None:
            raise StreamBroken("the socket was never connected")
        return self._transport

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
    def retained(self) -> int:
        """As `Retaining.retained`; `read` gives what was not pushed, so that is its reader's."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

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
        if self._push is not None and not self._lost.is_set():
            self._filler.fill(place, came)

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
        if self._transport is not None and not self._transport.is_closing():
            # From Python 3.12 on asyncio keeps references to what it could not send at once.
            self._transport.write(data if type(data) is bytes else bytes(data))

    def writelines(self, parts: Sequence[bytes | bytearray | memoryview]) -> None:
        """As `Stream.writelines`."""
        if self._gathers and sum(map(len, parts)) > GATHERED:
            self._gate.check()
            if self.transport.is_closing():
                return
            self.transport.writelines([part if type(part) is bytes else bytes(part) for part in parts])
        else:
            # Joined: one system call, on every loop and version.
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
                # All was sent, only the other side's end is missing: the kernel delivers the rest.
                transport.close()
            else:
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

    def _close(self) -> None:
        self._closed = True
        self._push = None
        self._filler.drop()
        self._buffer.close()
        self._gate.fail(StreamClosed("the stream was closed on this side"))

    def _finish_writing(self) -> None:
        if self._transport is None or self._lost.is_set():
            return
        # Closing a socket while unread bytes wait in it resets the connection, and what was
        # written last is lost with it (RFC 9293 §3.10.4): so say the end, then read to theirs.
        self._resume_reading()
        self._say_end()
        try:
            if not self._transport.is_closing():
                self._transport.write_eof()
        except OSError:  # the other side has reset it, and the loop has told nobody yet
            self._transport.abort()

    def _say_end(self) -> None:
        """What is to be said before the end of the bytes."""

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

    def _fail(self, error: StreamBroken) -> None:
        self._buffer.feed_end(error)
        if not self._gate.failed:
            self._gate.fail(error)

    def _broken(self, why: Exception | None) -> StreamBroken:
        text = f": {why}" if why is not None else " without an end"
        error = StreamBroken(f"the connection to {self._remote or 'the other side'} broke{text}")
        error.__cause__ = why
        return error

    def _hand_over(self, data: bytes) -> None:
        if self._closed:
            return
        if self._push is not None:
            self._push(data)
            return
        self._buffer.feed(data)
        if self._buffer.full and not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()

    def _end(self) -> None:
        """The other side's bytes are over: there are no half-closed streams."""
        self._buffer.feed_end()
        if not self._gate.failed:
            self._gate.fail(StreamBroken("the other side closed the stream"))
        self.transport.close()

    # The Protocol: the event loop calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ready."""
        self._transport = made = cast("asyncio.Transport", transport)
        made.set_write_buffer_limits(high=HIGH_WATER, low=LOW_WATER)
        self._gathers = type(made).__module__.startswith("uvloop") or sys.version_info >= (3, 12)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        filler = self._filler
        if filler.place is not None:
            return filler.place
        return self._peek if filler.peeks else self._place

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes arrived there."""
        filler = self._filler
        if filler.place is not None:
            filler.filled(nbytes)
            return
        if filler.peeks:
            filler.peeks -= 1
        self._hand_over(bytes(self._place[:nbytes]))

    def eof_received(self) -> bool:
        """The other side ended its bytes; the loop then closes this side too."""
        self._end()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone: after an end, a close of ours, or a failure."""
        self._lost.set()
        self._filler.drop()
        self.settle("closed")
        self._fail(self._broken(exc))

    def pause_writing(self) -> None:
        """HIGH_WATER is reached."""
        self._gate.shut()

    def resume_writing(self) -> None:
        """LOW_WATER is reached."""
        self._gate.reopen()
