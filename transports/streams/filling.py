"""A place of a stream's reader, into which what comes is read: what is large is copied once less."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

__all__ = ["PEEK", "Filler"]

#: Bytes that are read at once behind a place that is full: where the head of another large body is among them, all but
#: these go to a place as well. (Of a read of 256 KiB, as the loops do them, all would be copied twice more.)
PEEK: Final = 4096
#: Such reads, before the stream reads as ever: whoever sends large bodies sends small frames between them.
PEEKS: Final = 8


class Filler:
    """The place of one stream, or none; `peeks`: reads of PEEK bytes that are left until the stream reads as ever."""

    __slots__ = ("_came", "peeks", "place")

    def __init__(self) -> None:
        self.place: memoryview | None = None
        self.peeks = 0
        self._came: Callable[[int], None] = _nobody

    def fill(self, place: memoryview, came: Callable[[int], None]) -> None:
        """Put what comes next there, until it is full; `came(size)` hears of each read, of the last one behind that."""
        self.place, self._came = place, came

    def filled(self, size: int) -> None:
        """That number of bytes more stands in the place."""
        assert self.place is not None
        came, left = self._came, self.place[size:]
        if left:
            self.place = left
        else:
            self.place, self._came, self.peeks = None, _nobody, PEEKS
        came(size)

    def drop(self) -> None:
        """The reader takes nothing any more."""
        self.place, self._came, self.peeks = None, _nobody, 0


def _nobody(_size: int) -> None:
    """No place is filled."""
