"""Deflate is on the wire as RFC 7692 has it: any library reads it."""

from __future__ import annotations

import zlib

from peerbus.transports.compression.zlib_method import METHOD, WINDOW_BITS


def test_any_inflate_reads_it_with_the_tail_that_did_not_travel() -> None:
    shrinking, reader = METHOD.shrinking(), zlib.decompressobj(-WINDOW_BITS)
    for piece in (b"one" * 50, b"two" * 50):
        made = shrinking.shrink(piece)
        assert not made.endswith(b"\0\0\xff\xff")
        assert reader.decompress(made + b"\0\0\xff\xff") == piece


def test_a_context_takes_the_memory_that_it_says() -> None:
    assert METHOD.shrinking_bytes == 256 << 10  # zconf.h: "the memory requirements for deflate are" as there
    assert METHOD.unfolding_bytes < 64 << 10
