"""The ways that are compared, each a pair of functions over the frames of one connection."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import NamedTuple

from peerbus.transports.compression.zstd_method import zstd

__all__ = ["MORE", "WAYS", "Ends", "Way"]

#: Bytes of a trained dictionary: zstd's own default is 110 KiB, which 200 connections would not share.
_DICTIONARY = 16 << 10
_LIMIT = 1 << 20
_TAIL = b"\0\0\xff\xff"
_P = zstd.CompressionParameter


class Ends(NamedTuple):
    """The two ends of one connection."""

    shrink: Callable[[bytes], bytes]
    unfold: Callable[[bytes], bytes]


class Way(NamedTuple):
    """One of them. `ends` gets bodies of frames, other ones than are measured, from which it may learn."""

    name: str
    ends: Callable[[list[bytes]], Ends]


def _zlib_stream(level: int, bits: int = 15, memory: int = 8) -> Way:
    def ends(_: list[bytes]) -> Ends:
        out, back = zlib.compressobj(level, zlib.DEFLATED, -bits, memory), zlib.decompressobj(-bits)
        return Ends(
            lambda data: (out.compress(data) + out.flush(zlib.Z_SYNC_FLUSH)).removesuffix(_TAIL),
            lambda data: back.decompress(data + _TAIL, _LIMIT),
        )

    return Way(f"zlib {level}, stream, window {1 << bits >> 10} KiB", ends)


def _zlib_each(level: int, *, trained: bool = False) -> Way:
    def ends(seen: list[bytes]) -> Ends:
        known = b"".join(seen)[-(1 << 15) :] if trained else b""

        def shrink(data: bytes) -> bytes:
            out = (
                zlib.compressobj(level, zlib.DEFLATED, -15, 8, zdict=known)
                if known
                else zlib.compressobj(level, zlib.DEFLATED, -15, 8)
            )
            return out.compress(data) + out.flush()

        def unfold(data: bytes) -> bytes:
            return (zlib.decompressobj(-15, zdict=known) if known else zlib.decompressobj(-15)).decompress(data, _LIMIT)

        return Ends(shrink, unfold)

    return Way(f"zlib {level}, each{', dictionary' if trained else ''}", ends)


def _zstd_stream(level: int, window: int) -> Way:
    def ends(_: list[bytes]) -> Ends:
        out = zstd.ZstdCompressor(options={_P.compression_level: level, _P.window_log: window})
        back = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: window})
        return Ends(
            lambda data: out.compress(data, zstd.ZstdCompressor.FLUSH_BLOCK), lambda data: back.decompress(data, _LIMIT)
        )

    return Way(f"zstd {level}, stream, window {1 << window >> 10} KiB", ends)


def _zstd_each(level: int, *, trained: bool = False) -> Way:
    def ends(seen: list[bytes]) -> Ends:
        known = zstd.train_dict(_pieces(seen), _DICTIONARY) if trained else None
        out = zstd.ZstdCompressor(level, zstd_dict=known)
        return Ends(
            lambda data: out.compress(data, zstd.ZstdCompressor.FLUSH_FRAME),
            lambda data: zstd.ZstdDecompressor(known).decompress(data, _LIMIT),
        )

    return Way(f"zstd {level}, each{', dictionary' if trained else ''}", ends)


def _pieces(seen: list[bytes]) -> list[bytes]:
    """At most 4 KiB each: the trainer looks at small samples, and wants many."""
    return [body[at : at + 4096] for body in seen for at in range(0, len(body), 4096)]


#: The two that the bus has, and what they are beside: a frame each, without and with a dictionary.
WAYS = (
    _zlib_stream(4),
    _zlib_each(4),
    _zlib_each(4, trained=True),
    _zstd_stream(1, 16),
    _zstd_each(1),
    _zstd_each(1, trained=True),
)
#: Other levels and windows.
MORE = (
    _zlib_stream(1),
    _zlib_stream(6),
    _zlib_stream(4, 13, 6),
    _zstd_stream(1, 15),
    _zstd_stream(1, 17),
    _zstd_stream(3, 16),
    _zstd_each(3, trained=True),
)
