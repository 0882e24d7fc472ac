"""Zstandard (RFC 8878) as one frame that never ends, a block flushed behind each piece.

By the standard library from Python 3.14 on, before by `backports.zstd`, which is the same module: the extra `zstd`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ...actors.base import ConfigError
from ...actors.messages import how_to_get

if TYPE_CHECKING:
    from backports import zstd
else:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError as error:
        raise ConfigError(f"{how_to_get('zstd')} ({error})") from error

__all__ = ["METHOD", "WINDOW_LOG", "zstd"]

#: The window, 64 KiB. A reader refuses a larger one: it would have to hold it.
WINDOW_LOG = 16
#: The lowest: a higher one takes five times the memory, and makes messages of the examples no smaller.
_LEVEL = 1
_OPTIONS = {
    int(zstd.CompressionParameter.compression_level): _LEVEL,
    int(zstd.CompressionParameter.window_log): WINDOW_LOG,
}
_BOUNDS = {int(zstd.DecompressionParameter.window_log_max): WINDOW_LOG}


class _Shrinking:
    __slots__ = ("_stream",)

    def __init__(self) -> None:
        self._stream = zstd.ZstdCompressor(options=_OPTIONS)

    def shrink(self, data: bytes) -> bytes:
        """As `Shrinking.shrink`."""
        return self._stream.compress(data, zstd.ZstdCompressor.FLUSH_BLOCK)


class _Unfolding:
    __slots__ = ("_stream",)

    def __init__(self) -> None:
        self._stream = zstd.ZstdDecompressor(options=_BOUNDS)

    def unfold(self, data: bytes | memoryview, size: int) -> bytes:
        """As `Unfolding.unfold`."""
        stream = self._stream
        try:
            made = stream.decompress(data, size + 1)  # one beyond, as of zlib
        except (zstd.ZstdError, EOFError) as error:
            raise ValueError(f"no Zstandard, or not within its bounds: {error}") from error
        if len(made) != size:
            raise ValueError(f"{'more' if len(made) > size else len(made)} bytes, where {size} were said")
        if stream.eof:
            raise ValueError("the stream ends")
        return made


class _Zstd:
    name = "zstd"
    # As measured, of libzstd 1.5: the window twice, a table of hashes, blocks on their way.
    shrinking_bytes = 224 << 10
    unfolding_bytes = 256 << 10

    def shrinking(self) -> _Shrinking:
        """As `Method.shrinking`."""
        return _Shrinking()

    def unfolding(self) -> _Unfolding:
        """As `Method.unfolding`."""
        return _Unfolding()


METHOD = _Zstd()
