"""What comes compressed on one lane, bounded before it is made.

Law 1. How much a piece makes is said before it, and held against the lane's limit and against the piece itself: a
       byte stands for RATIO at most. No more than is said is ever made, and one that makes less is refused as well.
Law 2. A context is of one lane, and its window has a bound: see `Method`.
"""

from __future__ import annotations

from ...actors.base import ProtocolError
from ..wire import Compressed, ZeroCopyCompressed, clip
from .methods import Method, Unfolding
from .pool import CompressionCount

__all__ = ["RATIO", "Expander"]

#: Bytes that one byte may stand for at most. A sender that does better fills the piece up, and loses nothing by it: a
#: message of 64 KiB takes 256 bytes.
RATIO = 256


class Expander:
    """That of one lane. `limit`: bytes of the largest body on it."""

    __slots__ = ("_context", "_counts", "_limit", "_method")

    def __init__(self, method: Method, limit: int, counts: CompressionCount) -> None:
        self._method = method
        self._limit = limit
        self._counts = counts
        self._context: Unfolding | None = None

    @property
    def held(self) -> int:
        """Bytes of memory that its context takes."""
        return 0 if self._context is None else self._method.unfolding_bytes

    def expand(self, frame: Compressed | ZeroCopyCompressed) -> bytes:
        """The body that the frame stands for. Raises ProtocolError `bad_compression`."""
        size, data = frame.size, frame.data
        if size > self._limit:
            raise _bad(frame.lane, f"{size} bytes, limit {self._limit}")
        if size > RATIO * (len(data) + len(frame.padding)):
            raise _bad(frame.lane, f"{size} bytes of {len(data)}, limit {RATIO} times")
        if frame.fresh:
            self._context = self._method.unfolding()
        if self._context is None:
            raise _bad(frame.lane, "the first piece is not the first of its context")
        try:
            body = self._context.unfold(data, size)
        except ValueError as error:
            raise _bad(frame.lane, str(error)) from error
        self._counts.received += size
        self._counts.received_as += len(data) + len(frame.padding)
        return body


def _bad(lane: int, text: str) -> ProtocolError:
    return ProtocolError("bad_compression", clip(f"lane {lane}: {text}"))
