"""The two ends of a stream inside one process, and the wires that carry between them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from ...actors.base import StreamBroken, StreamClosed
from .endpoint import Endpoint
from .receive_buffer import ReceiveBuffer
from .transport import FLUSH_TIMEOUT, HIGH_WATER, LOW_WATER, MAX_CHUNK, RECEIVE_BUFFER
from .write_gate import WriteGate

__all__ = ["Wire", "MemoryStream", "Parcel"]


@dataclass(frozen=True, slots=True)
class Parcel:
    """Something on its way: call `deliver` when it arrives, or `lose` to break its stream.

    `stream` is the end that sends it, None for a dial. `data`: the bytes of the stream, for onlookers.
    """

    size: int
    deliver: Callable[[], None]
    lose: Callable[[], None]
    stream: MemoryStream | None = None
    data: bytes = b""


class Wire:
    """The way from one node to another; this one is perfect, and takes one turn of the loop.

    A subclass keeps the order of the parcels it delivers, or at least of those of one stream. `buffer`: bytes of one
    stream that may be on their way or unread, at least 1.
    """

    def __init__(self, source: str, target: str) -> None:
        self.source = source
        self.target = target
        self.buffer = RECEIVE_BUFFER

    def carry(self, parcel: Parcel) -> None:
        """Take a parcel over and deliver it, some time after this call, or lose it."""
        # By a method of the wire: a loop that changes the order of callbacks sees whose order must be kept.
        asyncio.get_running_loop().call_soon(self._arrive, parcel)

    def _arrive(self, parcel: Parcel) -> None:
        parcel.deliver()


class MemoryStream:
    """One end of a stream in a `MemoryNetwork`.

    Bytes wait here while as many as the wire's buffer holds are on their way or unread; the other end reports,
    over the wire, each half of that which was read.
    """

    def __init__(self, local: Endpoint, remote: Endpoint, way: Wire) -> None:
        self.local = local
        self.remote = remote
        self.peer_id: str | None = remote.peer_id
        self.secure = True
        self._way = way
        self._other = self
        self._buffer = ReceiveBuffer()
        self._gate = WriteGate()
        self._unsent: deque[bytes] = deque()
        self._unsent_size = 0
        self._all_sent = asyncio.Event()
        #: Bytes that left and that the other end has not reported as read.
        self._unread = 0
        #: Bytes read here and not reported yet.
        self._unreported = 0
        self._closed = False
        self._ended = False

    @classmethod
    def pair(cls, dialer: Endpoint, acceptor: Endpoint, way: Wire, back: Wire) -> tuple[MemoryStream, MemoryStream]:
        """The dialer's and the acceptor's end of a new stream over these two wires."""
        ends = cls(dialer, acceptor, way), cls(acceptor, dialer, back)
        ends[0]._other, ends[1]._other = ends[1], ends[0]
        return ends

    async def read(self) -> bytes:
        """As `Stream.read`."""
        data = await self._buffer.read()
        self._unreported += len(data)
        self.report()
        return data

    def report(self) -> None:
        """Tell the other end what was read, if it is half of its wire's buffer: ask again when that shrinks."""
        size = self._unreported
        if size and size >= self._other._way.buffer // 2:
            self._unreported = 0
            self._carry(lambda: self._other._was_read(size))

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """As `Stream.write`."""
        self._gate.check()
        data = bytes(data)
        self._unsent.append(data)
        self._unsent_size += len(data)
        self._send()
        if self._unsent_size > HIGH_WATER:
            self._gate.shut()

    def writelines(self, parts: Sequence[bytes | bytearray | memoryview]) -> None:
        """As `Stream.writelines`."""
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
        self._close()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_TIMEOUT):
                    while self._unsent:
                        self._all_sent.clear()
                        await self._all_sent.wait()
        finally:
            self._end()

    def abort(self) -> None:
        """As `Stream.abort`."""
        self._close()
        self._end(cut=True)

    def break_off(self) -> None:
        """Break both ends: the network lost something of this stream."""
        for end in (self, self._other):
            end.fail("the network broke the stream")

    @property
    def other(self) -> MemoryStream:
        """The end at the other node."""
        return self._other

    @property
    def way(self) -> Wire:
        """The wire that carries what this end sends."""
        return self._way

    @property
    def open(self) -> bool:
        """Not both ends have ended."""
        return not (self._ended and self._other._ended)

    def __repr__(self) -> str:
        state = "closed" if self._closed else "ended" if self._buffer.ended else "open"
        return f"<MemoryStream {self.local} ⇄ {self.remote} {state}>"

    def _close(self) -> None:
        self._closed = True
        self._buffer.close()
        self._gate.fail(StreamClosed("the stream was closed on this side"))

    def _end(self, *, cut: bool = False) -> None:
        if self._ended:
            return
        self._ended = True
        # An end that follows unsent bytes would be a lie.
        cut = cut or bool(self._unsent)
        self._drop_unsent()
        self._carry(lambda: self._other._end_arrived(cut=cut))

    def _send(self) -> None:
        while self._unsent and self._unread < self._way.buffer:
            data = self._next_chunk(min(MAX_CHUNK, self._way.buffer))
            self._unread += len(data)
            self._unsent_size -= len(data)
            self._way.carry(Parcel(len(data), partial(self._other._arrived, data), self.break_off, self, data))
        if self._unsent_size <= LOW_WATER:
            self._gate.reopen()
        if not self._unsent:
            self._all_sent.set()

    def _next_chunk(self, limit: int) -> bytes:
        data = self._unsent.popleft()
        if len(data) > limit:
            self._unsent.appendleft(data[limit:])
            return data[:limit]
        return data

    def _drop_unsent(self) -> None:
        self._unsent.clear()
        self._unsent_size = 0
        self._all_sent.set()

    def _carry(self, deliver: Callable[[], None]) -> None:
        self._way.carry(Parcel(0, deliver, self.break_off, self))

    # What arrives from the other end.

    def _arrived(self, data: bytes) -> None:
        self._buffer.feed(data)

    def _was_read(self, size: int) -> None:
        self._unread -= size
        self._send()

    def _end_arrived(self, *, cut: bool) -> None:
        if cut:
            self.fail("the other side cut the stream")
            return
        self._buffer.feed_end()
        self._stop_writing("the other side closed the stream")

    def fail(self, why: str) -> None:
        """Break this end only; the other one notices nothing."""
        self._buffer.feed_end(StreamBroken(why))
        self._stop_writing(why)

    def _stop_writing(self, why: str) -> None:
        self._ended = True
        if not self._gate.failed:
            self._gate.fail(StreamBroken(why))
        self._drop_unsent()
