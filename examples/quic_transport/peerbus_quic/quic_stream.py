"""A stream of the bus over a connection of QUIC, which has one session of WebTransport with one stream."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Final

from pywebtransport import WebTransportBidirectionalStream, WebTransportConnection, WebTransportError

from peerbus.actors import StreamBroken, StreamClosed
from peerbus.transports import Endpoint
from peerbus.transports.streams import FLUSH_TIMEOUT, HIGH_WATER, LOW_WATER, ReceiveBuffer, WriteGate

__all__ = ["SENT", "QuicStream", "close_connection"]

#: Seconds that the library's thread has to send what it was told last, before its socket is closed: it does not say.
SENT: Final = 0.05
#: Bytes of one read, and of one write.
_READ: Final = 64 * 1024
_WRITE: Final = 64 * 1024
#: Seconds between two looks whether the other side has closed the connection: the library tells nobody.
_LOOK: Final = 0.01


async def close_connection(connection: WebTransportConnection) -> None:
    """Close it, whatever has become of it."""
    with contextlib.suppress(WebTransportError):
        await connection.close()


class QuicStream:
    """One end; `gone` is awaited once, in the end.

    Tasks: one that reads (waits for the other side, and for room; feeds the reader), one that writes, and in the end
    one that closes the connection behind these two, as what the other side has not read by then is lost to it.
    """

    secure = True

    def __init__(
        self,
        stream: WebTransportBidirectionalStream,
        local: Endpoint,
        remote: Endpoint,
        gone: Callable[[], Coroutine[object, object, None]],
    ) -> None:
        self.local, self.remote, self.peer_id = local, remote, remote.peer_id
        self._stream, self._connection = stream, stream.session.connection
        self._gone = gone
        self._buffer, self._gate = ReceiveBuffer(), WriteGate()
        self._push: Callable[[bytes], None] | None = None
        self._paused = self._closed = self._finishing = False
        self._room, self._work = asyncio.Event(), asyncio.Event()
        self._unsent: deque[bytes] = deque()
        self._unsent_size = 0
        #: The other side's end has come; ours was sent.
        self._ended, self._finished = asyncio.Event(), asyncio.Event()
        self._leaving: asyncio.Task[None] | None = None
        self._tasks = [asyncio.create_task(self._read_on()), asyncio.create_task(self._write_on())]

    # The stream.

    async def read(self) -> bytes:
        """As `Stream.read`."""
        data = await self._buffer.read()
        if self._buffer.room:
            self._room.set()
        return data

    def push_to(self, receive: Callable[[bytes], None]) -> None:
        """As `Pushing.push_to`."""
        for data in self._buffer.drain():
            receive(data)
        self._push = receive
        self._room.set()

    def pause(self) -> None:
        """As `Pausing.pause`."""
        self._paused = True

    def resume(self) -> None:
        """As `Pausing.resume`."""
        self._paused = False
        self._room.set()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """As `Stream.write`."""
        self._gate.check()
        if not data:
            return
        self._unsent.append(bytes(data))
        self._unsent_size += len(data)
        self._work.set()
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
        """As `Stream.aclose`: whoever ends first closes the connection, once the other side's end is here."""
        self._close()
        if self._leaving is None:
            first = not self._ended.is_set()
            self._finish()
            try:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(FLUSH_TIMEOUT):
                        await asyncio.gather(self._ended.wait(), self._finished.wait())
                        # The library has no event for it.
                        while not first and not self._connection.is_closed:  # noqa: ASYNC110
                            await asyncio.sleep(_LOOK)
            finally:
                self._leave()
        await asyncio.shield(self._leave())

    def abort(self) -> None:
        """As `Stream.abort`."""
        self._close()
        self._leave()

    def __repr__(self) -> str:
        state = "closed" if self._closed else "ended" if self._ended.is_set() else "open"
        return f"<QuicStream {self.local} ⇄ {self.remote} {state}>"

    # Its tasks.

    async def _read_on(self) -> None:
        try:
            while data := await self._stream.read(max_size=_READ):
                if self._push is not None and not self._closed:
                    self._push(data)
                else:
                    self._buffer.feed(data)
                while self._full:
                    self._room.clear()
                    await self._room.wait()
        except WebTransportError as error:
            self._end(StreamBroken(f"the connection to {self.remote} broke: {error}"))
        else:
            self._end(None)

    @property
    def _full(self) -> bool:
        if self._closed:
            return False
        return self._paused if self._push is not None else self._buffer.full

    async def _write_on(self) -> None:
        try:
            while self._unsent or not self._finishing:
                if not self._unsent:
                    self._work.clear()
                    await self._work.wait()
                    continue
                data = self._take()
                await self._stream.write(data=data)
                self._unsent_size -= len(data)
                if self._unsent_size <= LOW_WATER:
                    self._gate.reopen()
            await self._stream.write(data=b"", end_stream=True)
        except WebTransportError as error:
            self._end(StreamBroken(f"the connection to {self.remote} broke: {error}"))
        self._finished.set()

    def _take(self) -> bytes:
        """What is written next: up to `_WRITE` bytes of what waits."""
        data = self._unsent.popleft()
        if len(data) > _WRITE:
            self._unsent.appendleft(data[_WRITE:])
            return data[:_WRITE]
        parts, size = [data], len(data)
        while self._unsent and size + len(self._unsent[0]) <= _WRITE:
            parts.append(self._unsent.popleft())
            size += len(parts[-1])
        return data if len(parts) == 1 else b"".join(parts)

    # How it ends.

    def _end(self, error: StreamBroken | None) -> None:
        """The other side's bytes are over: cleanly, or because of that."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._buffer.feed_end(error)
        if not self._gate.failed:
            self._gate.fail(error or StreamBroken("the other side closed the stream"))
        self._finish()  # there are no half-closed streams

    def _finish(self) -> None:
        self._finishing = True
        if self._ended.is_set():
            self._unsent.clear()  # nobody reads it
        self._work.set()

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self._buffer.close()
            self._gate.fail(StreamClosed("the stream was closed on this side"))
            self._room.set()

    def _leave(self) -> asyncio.Task[None]:
        if self._leaving is None:
            clean = self._ended.is_set() and self._finished.is_set()
            self._ended.set()
            self._finished.set()
            self._leaving = asyncio.create_task(self._left(clean))
        return self._leaving

    async def _left(self, clean: bool) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if not clean:
            # A connection that is closed while it sends a lot does not always tell the other side (0.21.1).
            with contextlib.suppress(WebTransportError):
                await self._stream.reset()
            await asyncio.sleep(SENT)
        await close_connection(self._connection)
        await self._gone()
