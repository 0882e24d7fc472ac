"""What an event loop sees of a stream while what comes goes to a place of its reader's: the rest is the stream's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["FillingProtocol"]


class FillingProtocol(asyncio.BufferedProtocol):
    """In place of `stream`, until `place` is full: then `full()` is called, and after that `came` for the last time.

    `came(size)` hears of each read. The system puts the bytes there, and nobody copies them.
    """

    def __init__(
        self, stream: asyncio.Protocol, place: memoryview, came: Callable[[int], None], full: Callable[[], None]
    ) -> None:
        self._stream = stream
        self._place = place
        self._came = came
        self._full = full

    def get_buffer(self, sizehint: int) -> memoryview:
        """What is left of the place."""
        return self._place

    def buffer_updated(self, nbytes: int) -> None:
        """So many bytes have come into it."""
        self._place = left = self._place[nbytes:]
        if not left:
            self._full()
        self._came(nbytes)

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
