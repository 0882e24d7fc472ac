"""What comes is bounded before it is made, and what is wrong with it is said by one word."""

from __future__ import annotations

import tracemalloc
import zlib
from typing import cast

import pytest

from peerbus.actors.base import ProtocolError
from peerbus.transports.compression import CompressionPool, Expander, Method, method_of
from peerbus.transports.compression.expander import RATIO
from peerbus.transports.compression.zstd_method import zstd
from peerbus.transports.wire import Compressed

LIMIT = 1 << 16
#: 16 MiB of nothing in a few kilobytes, as a stream that goes on.
_deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
BOMBS = {
    "zlib": _deflate.compress(bytes(1 << 24)) + _deflate.flush(zlib.Z_SYNC_FLUSH),
    "zstd": zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 16}).compress(
        bytes(1 << 24), zstd.ZstdCompressor.FLUSH_BLOCK
    ),
}


def expander_of(word: str) -> Expander:
    return Expander(cast("Method", method_of(word)), LIMIT, CompressionPool().of("c"))


@pytest.mark.parametrize("word", BOMBS)
@pytest.mark.parametrize("size", [1, 1000, LIMIT])
def test_a_bomb_makes_no_more_than_it_says(word: str, size: int) -> None:
    bomb = Compressed(0, 1, size, BOMBS[word], bytes(LIMIT // RATIO))
    tracemalloc.start()
    try:
        with pytest.raises(ProtocolError, match=f"more bytes, where {size} were said") as refused:
            expander_of(word).expand(bomb)
        assert tracemalloc.get_traced_memory()[1] < 4 * LIMIT
    finally:
        tracemalloc.stop()
    assert refused.value.reason == "bad_compression"


@pytest.mark.parametrize("word", BOMBS)
def test_what_is_said_is_bounded_by_the_lane_and_by_what_came(word: str) -> None:
    for frame, why in (
        (Compressed(0, 1, LIMIT + 1, BOMBS[word]), "limit 65536"),
        (Compressed(0, 1, RATIO * 10 + 1, bytes(4), bytes(6)), f"limit {RATIO} times"),
        (Compressed(0, 0, 100, bytes(100)), "not the first of its context"),
        (Compressed(0, 1, 100, b"\xff" * 100), "lane 0: no |where 100"),
    ):
        with pytest.raises(ProtocolError, match=why) as refused:
            expander_of(word).expand(frame)
        assert refused.value.reason == "bad_compression"


@pytest.mark.parametrize("word", BOMBS)
def test_its_memory_counts_once_there_is_a_context(word: str) -> None:
    method = cast("Method", method_of(word))
    expander = expander_of(word)
    assert expander.held == 0
    assert expander.expand(Compressed(0, 1, 5, method.shrinking().shrink(b"hello"))) == b"hello"
    assert expander.held == method.unfolding_bytes
