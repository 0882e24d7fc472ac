"""What an event loop sees of a stream while what comes goes to a place of its reader's: the rest is the stream's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

__all__ = ["FillingProtocol"]

#: Bytes that are read at once behind a place that is full: where the head of another large body is among them, all but
#: these go to a place as well. (Of a read of 256 KiB, as the loops do them, all would be copied twice more.)
PEEK: Final = 4096
#: Such reads, before the stream reads as ever: whoever sends large bodies sends small frames between them.
PEEKS: Final = 8


class FillingProtocol(asyncio.BufferedProtocol):
    """In place of `stream`, from when a place is to be filled until some reads later: then it calls `over`."""

    def __init__(self, stream: asyncio.Protocol, over: Callable[[], None]) -> None:
        self._stream = stream
        self._over = over
        self._place: memoryview | None = None
        self._came: Callable[[int], None] = _nobody
        self._peek = memoryview(bytearray(PEEK))
        self._peeks = PEEKS

    def fill(self, place: memoryview, came: Callable[[int], None]) -> None:
        """Put what comes next there, until it is full; `came(size)` hears of each read, of the last one behind that."""
        self._place, self._came = place, came

    def get_buffer(self, sizehint: int) -> memoryview:
        """What is left of the place, or where the next bytes go that are for the stream."""
        return self._peek if self._place is None else self._place

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes have come into it."""
        place, came = self._place, self._came
        if place is None:
            self._peeks -= 1
            self._stream.data_received(bytes(self._peek[:nbytes]))
            if self._place is None and self._peeks <= 0:
                self._over()
            return
        left = place[nbytes:]
        if left:
            self._place = left
        else:
            self._place, self._came, self._peeks = None, _nobody, PEEKS
        came(nbytes)

    def eof_received(self) -> bool | None:
        """As the stream."""
        return self._stream.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """As the stream."""
        self._stream.connection_lost(exc)

    def pause_writing(self) -> None:
        """As the stream."""
        self._stream.pause_writing()

    def resume_writing(self) -> None:
        """As the stream."""
        self._stream.resume_writing()


def _nobody(_size: int) -> None:
    """No place is filled."""
