"""The receiving half of a stream: bytes that arrived and that nobody has read yet."""

from __future__ import annotations

import asyncio
from collections import deque

from ...actors.base import StreamClosed, TransportError
from .transport import MAX_CHUNK, RECEIVE_BUFFER

__all__ = ["ReceiveBuffer"]


class ReceiveBuffer:
    """Chunks in, chunks out, one waiting reader.

    It never refuses bytes: its feeder stops the source while it is `full`, and lets it go on
    when a read left it with `room`.
    """

    __slots__ = ("_chunks", "_closed", "_end", "_reader", "_size")

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._closed = False
        #: Why no more bytes will come: an error, or True for the clean end.
        self._end: TransportError | bool = False
        self._reader: asyncio.Future[None] | None = None

    @property
    def full(self) -> bool:
        """Whether the source should stop: RECEIVE_BUFFER bytes are unread."""
        return self._size >= RECEIVE_BUFFER

    @property
    def room(self) -> bool:
        """Whether a stopped source should go on: at most half of RECEIVE_BUFFER is unread."""
        return self._size <= RECEIVE_BUFFER // 2

    @property
    def ended(self) -> bool:
        """Whether the last byte has arrived."""
        return self._end is not False

    def feed(self, data: bytes) -> None:
        """Take a chunk; ignored after the end."""
        if data and self._end is False and not self._closed:
            self._chunks.append(data)
            self._size += len(data)
            self._wake()

    def feed_end(self, error: TransportError | None = None) -> None:
        """No more bytes will come, because of `error`, or cleanly; the first call counts."""
        if self._end is False:
            # Nobody will read of an error once it is closed, and its traceback would keep the connection.
            self._end = error if error is not None and not self._closed else True
            self._wake()

    def close(self) -> None:
        """Drop everything; reading raises StreamClosed from now on."""
        self._closed = True
        if self._end is not False:
            self._end = True
        self._chunks.clear()
        self._size = 0
        self._wake()

    def drain(self) -> list[bytes]:
        """Take all that is unread, in order, without waiting."""
        chunks = list(self._chunks)
        self._chunks.clear()
        self._size = 0
        return chunks

    async def read(self) -> bytes:
        """As `Stream.read`."""
        while True:
            if self._closed:
                raise StreamClosed("the stream was closed on this side")
            if self._chunks:
                return self._take()
            if self._end is True:
                return b""
            if self._end is not False:
                # A new one each time: raising the same object twice would grow its traceback.
                raise type(self._end)(str(self._end)) from self._end.__cause__
            if self._reader is not None:
                raise RuntimeError("another task is reading this stream already")
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None

    def _take(self) -> bytes:
        chunks = self._chunks
        data = chunks.popleft()
        if len(data) > MAX_CHUNK:
            chunks.appendleft(data[MAX_CHUNK:])
            data = data[:MAX_CHUNK]
        elif chunks and len(data) < MAX_CHUNK // 16 and len(data) + len(chunks[0]) <= MAX_CHUNK:
            # Many small chunks wait: one read returns as many as fit.
            parts, size = [data], len(data)
            while chunks and size + len(chunks[0]) <= MAX_CHUNK:
                parts.append(chunks.popleft())
                size += len(parts[-1])
            data = b"".join(parts)
        self._size -= len(data)
        return data

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
