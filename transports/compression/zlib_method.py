"""Deflate (RFC 1951) as one stream without its frame, a sync flush behind each piece (as RFC 7692 §7.2 does)."""

from __future__ import annotations

import zlib

__all__ = ["METHOD", "WINDOW_BITS"]

#: The window, 32 KiB: of frames of 16 KiB the last two are in it.
WINDOW_BITS = 15
_MEMORY_LEVEL = 8
#: Above it a byte of the examples costs twice the time for a hundredth less.
_LEVEL = 4
#: What a sync flush ends with: the reader knows it, so it does not travel.
_TAIL = b"\x00\x00\xff\xff"


class _Shrinking:
    __slots__ = ("_stream",)

    def __init__(self) -> None:
        self._stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, -WINDOW_BITS, _MEMORY_LEVEL)

    def shrink(self, data: bytes) -> bytes:
        """As `Shrinking.shrink`."""
        return (self._stream.compress(data) + self._stream.flush(zlib.Z_SYNC_FLUSH)).removesuffix(_TAIL)


class _Unfolding:
    __slots__ = ("_stream",)

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(-WINDOW_BITS)

    def unfold(self, data: bytes | memoryview, size: int) -> bytes:
        """As `Unfolding.unfold`."""
        stream = self._stream
        try:
            # One byte of room beyond: so all of the input is read where it is right, its last block too.
            made = stream.decompress(b"".join((data, _TAIL)), size + 1)
        except zlib.error as error:
            raise ValueError(f"no deflate: {error}") from error
        if len(made) != size or stream.unconsumed_tail:
            raise ValueError(f"{'more' if len(made) > size else len(made)} bytes, where {size} were said")
        if stream.eof:
            raise ValueError("the stream ends")
        return made


class _Zlib:
    name = "zlib"
    # deflateInit2 in zlib.h: 2^(window + 2) and 2^(memory level + 9); inflate: the window and 7 KiB.
    shrinking_bytes = (1 << (WINDOW_BITS + 2)) + (1 << (_MEMORY_LEVEL + 9))
    unfolding_bytes = (1 << WINDOW_BITS) + (7 << 10)

    def shrinking(self) -> _Shrinking:
        """As `Method.shrinking`."""
        return _Shrinking()

    def unfolding(self) -> _Unfolding:
        """As `Method.unfolding`."""
        return _Unfolding()


METHOD = _Zlib()
