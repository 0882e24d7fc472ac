"""What one lane writes, compressed where that is worth it: bodies of frames, in the order in which they leave.

Law 1. A context is of one lane: one channel, one direction, one connection. What has other readers or writers is never
       compressed together with it.
Law 2. What travels is never larger than the body: where a context has made it so, the body goes, and the context with
       it; the next one begins anew, and says so.
"""

from __future__ import annotations

import msgspec

from .expander import RATIO
from .methods import Method, Shrinking
from .pool import CompressionCount, CompressionPool
from .worth import Worth

__all__ = ["Squeezer"]

#: The kind of COMPRESSED.
_KIND = 20


class Squeezer:
    """That of the lane of that number."""

    __slots__ = ("_context", "_counts", "_encode", "_fresh", "_lane", "_method", "_pool", "_worth")

    def __init__(self, method: Method, lane: int, pool: CompressionPool, counts: CompressionCount) -> None:
        self._method = method
        self._lane = lane
        self._pool = pool
        self._counts = counts
        self._worth = Worth()
        self._context: Shrinking | None = None
        #: The next piece is the first of its context.
        self._fresh = 1
        self._encode = msgspec.msgpack.Encoder().encode

    @property
    def open(self) -> bool:
        """It has a context."""
        return self._context is not None

    def pack(self, body: bytes) -> bytes:
        """The body that travels in place of this one: that of a COMPRESSED, or the same. It has to be written."""
        packed = self._packed(body) if self._worth.tries(body) else body
        if packed is body:
            self._counts.left_alone += len(body)
        else:
            self._counts.sent += len(body)
            self._counts.sent_as += len(packed)
        return packed

    def end(self) -> None:
        """Its context is needed no more."""
        if self._context is not None:
            self._context = None
            self._pool.give_back(self, self._method.shrinking_bytes)

    def _packed(self, body: bytes) -> bytes:
        context = self._context
        if context is None:
            if not self._pool.take(self, self._method.shrinking_bytes):
                return body
            context = self._context = self._method.shrinking()
            self._fresh = 1
        data = context.shrink(body)
        size = len(body)
        fields: tuple[object, ...] = (_KIND, self._lane, self._fresh, size, data)
        if size > RATIO * len(data):
            fields += (bytes(-(-size // RATIO) - len(data)),)
        packed = self._encode(fields)
        self._worth.found(size, len(packed))
        if len(packed) >= size:
            self.end()
            return body
        self._fresh = 0
        return packed
