"""Both methods keep what `Method` promises: pieces come back byte by byte, and nothing more is made than was said."""

from __future__ import annotations

import random
import zlib

import pytest

from peerbus.actors.messages import COMPRESSIONS
from peerbus.transports.compression.methods import Method, method_of
from peerbus.transports.compression.zstd_method import zstd

METHODS = [method for method in map(method_of, COMPRESSIONS) if method is not None]
TEXT = b"the quick brown fox " * 100
BOMBS = {"zlib": zlib.compress(bytes(1 << 24), 9, -15), "zstd": zstd.compress(bytes(1 << 24))}
WIDE = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 22})


def test_a_word_that_is_none_has_no_method() -> None:
    assert len(METHODS) == 2
    assert [method_of(word) for word in (None, "", "brotli", "ZLIB")] == [None] * 4


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_pieces_come_back_and_later_ones_are_smaller_for_those_before(method: Method) -> None:
    shrinking, unfolding = method.shrinking(), method.unfolding()
    rng = random.Random(7)
    pieces = [TEXT, TEXT, b"x", rng.randbytes(70_000), TEXT, bytes(300_000), rng.randbytes(1)]
    made = [shrinking.shrink(piece) for piece in pieces]
    assert [unfolding.unfold(each, len(piece)) for each, piece in zip(made, pieces, strict=True)] == pieces
    assert len(made[1]) < len(made[0]) / 2
    assert len(unfolding.unfold(memoryview(shrinking.shrink(TEXT)), len(TEXT))) == len(TEXT)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
@pytest.mark.parametrize("said", [1, len(TEXT) - 1, len(TEXT) + 1])
def test_another_size_than_said_is_refused(method: Method, said: int) -> None:
    with pytest.raises(ValueError, match=f"where {said} were said"):
        method.unfolding().unfold(method.shrinking().shrink(TEXT), said)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_what_is_no_stream_or_ends_is_refused(method: Method) -> None:
    for wrong in (b"", b"\xff" * 50, method.shrinking().shrink(TEXT)[:-9], BOMBS[method.name]):
        with pytest.raises(ValueError, match=r"bytes|no |ends"):
            method.unfolding().unfold(wrong, len(TEXT))
    ended = {"zlib": zlib.compress(TEXT, 9, -15), "zstd": zstd.compress(TEXT)}[method.name]
    with pytest.raises(ValueError, match="the stream ends"):
        method.unfolding().unfold(ended, len(TEXT))


def test_a_window_beyond_the_bound_is_refused() -> None:
    wide = WIDE.compress(bytes(1 << 20), zstd.ZstdCompressor.FLUSH_BLOCK)
    method = method_of("zstd")
    assert method is not None
    with pytest.raises(ValueError, match="not within its bounds"):
        method.unfolding().unfold(wide, 1 << 20)
