"""The writing half of a connection: frames of its outbox, to its stream.

Frames that are made in one turn of the loop leave together, in the next one; what stands alone leaves at once. While
the stream takes no more, one task waits for it (waits for: the stream; feeds: the stream from the outbox).
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Protocol

from ...actors.base import StreamBroken, StreamClosed, new_task
from ..streams import HIGH_WATER, Stream
from .outbox import Outbox
from .stream_room import drained

__all__ = ["FrameWriter", "Writer"]


class Writer(Protocol):
    """What the parts that have something to write need of it."""

    @property
    def clear(self) -> bool:
        """Nothing waits to be written, and the stream takes what there is: a frame may go past the outbox."""

    def schedule(self) -> None:
        """Write what there is in the loop's next turn."""

    def write(self) -> None:
        """Write what there is, now."""

    def write_frame(self, frame: bytes) -> None:
        """Write a whole frame now. Only while `clear`."""


class FrameWriter:
    """See the module. `written` is called each time that the outbox was written, before the stream is waited for."""

    __slots__ = (
        "_closed",
        "_context",
        "_drain",
        "_loop",
        "_scheduled",
        "_stream",
        "bytes_sent",
        "outbox",
        "watched",
        "written",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        context: contextvars.Context,
        stream: Stream,
        written: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._context = context
        self._stream = stream
        #: What it writes.
        self.outbox: Outbox
        #: Called when all was written that the stream takes.
        self.written = written
        #: `written` is to be called for each frame: nothing goes past the outbox any more.
        self.watched = False
        #: Bytes that the stream was given.
        self.bytes_sent = 0
        self._scheduled = False
        self._closed = False
        self._drain: asyncio.Task[None] | None = None

    @property
    def clear(self) -> bool:
        """As `Writer.clear`."""
        return not (self.outbox or self.watched or self._closed) and self._drain is None and self._stream.writable

    def schedule(self) -> None:
        """As `Writer.schedule`."""
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._flush, context=self._context)

    def write(self) -> None:
        """As `Writer.write`."""
        if self._drain is not None or self._closed:
            return
        stream, outbox = self._stream, self.outbox
        try:
            while outbox and stream.writable:
                chunks = outbox.fill(self._loop.time(), HIGH_WATER)
                if not chunks:
                    break
                stream.writelines(chunks)
                self.bytes_sent += sum(map(len, chunks))
        except (StreamBroken, StreamClosed):
            return  # the reader hears of it too, and ends the connection
        self.written()
        if outbox and not stream.writable:
            self._drain = new_task(
                drained(stream, self._go_on),
                loop=self._loop,
                name=f"peerbus drain {stream.remote}",
                context=self._context,
            )

    def write_frame(self, frame: bytes) -> None:
        """As `Writer.write_frame`."""
        try:
            self._stream.write(frame)
        except (StreamBroken, StreamClosed):
            return  # as above
        self.bytes_sent += len(frame)

    def close(self) -> None:
        """Write nothing any more."""
        self._closed = True
        self.written = _nobody_hears

    def cancel(self) -> asyncio.Task[None] | None:
        """Wait for the stream no longer; returns the task that did."""
        if self._drain is not None:
            self._drain.cancel()
        return self._drain

    def _flush(self) -> None:
        self._scheduled = False
        self.write()

    def _go_on(self, takes: bool) -> None:
        """The stream takes more, or will take nothing any more."""
        self._drain = None
        if takes:
            self._flush()


def _nobody_hears() -> None:
    """The connection has ended."""
