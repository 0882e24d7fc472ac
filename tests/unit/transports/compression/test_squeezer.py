"""What one end packs the other gives back, byte by byte; nothing travels larger than it is."""

from __future__ import annotations

import random
from typing import cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peerbus.actors.messages import COMPRESSIONS
from peerbus.transports.compression import CompressionPool, Expander, Method, Squeezer, method_of
from peerbus.transports.compression.expander import RATIO
from peerbus.transports.wire import Compressed

METHODS = [cast("Method", method_of(word)) for word in COMPRESSIONS]
LIMIT = 1 << 20
RNG = random.Random(7)
TEXT = b"a message of some words, as people write them; " * 20
NOISE = RNG.randbytes(900)
bodies = st.lists(
    st.one_of(
        st.binary(max_size=200),
        st.sampled_from([TEXT, NOISE, bytes(200_000), TEXT * 200, RNG.randbytes(70_000)]),
        st.text("abc 123", min_size=64, max_size=2000).map(str.encode),
    ),
    max_size=12,
)


def read(packed: bytes) -> Compressed:
    return msgspec.msgpack.decode(packed, type=Compressed)


def both(method: Method, pool: CompressionPool | None = None) -> tuple[Squeezer, Expander]:
    pool = pool or CompressionPool()
    return Squeezer(method, 4, pool, pool.of("c")), Expander(method, LIMIT, pool.of("c"))


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
@settings(max_examples=10, deadline=None)
@given(bodies=bodies)
def test_whatever_leaves_comes_out_again_and_is_never_larger(method: Method, bodies: list[bytes]) -> None:
    squeezer, expander = both(method)
    for body in bodies:
        packed = squeezer.pack(body)
        assert len(packed) <= len(body)
        if packed is not body:
            frame = read(packed)
            assert frame.lane == 4
            assert expander.expand(frame) == body


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_context_that_makes_things_larger_is_given_up_and_the_next_begins_anew(method: Method) -> None:
    pool = CompressionPool()
    squeezer, expander = both(method, pool)
    found = [squeezer.pack(body) for body in (TEXT, NOISE, TEXT, TEXT)]
    assert found[1] == NOISE
    assert [read(found[at]).fresh for at in (0, 2, 3)] == [1, 1, 0]
    assert [expander.expand(read(found[at])) for at in (0, 2, 3)] == [TEXT] * 3
    assert pool.used == method.shrinking_bytes
    counts = pool.seen()["c"]
    assert (counts.sent, counts.received, counts.left_alone) == (3 * len(TEXT), 3 * len(TEXT), len(NOISE))
    assert counts.sent_as > counts.received_as > 0
    squeezer.end()
    squeezer.end()
    assert pool.used == 0


def test_without_memory_bodies_travel_as_they_are() -> None:
    pool = CompressionPool(METHODS[0].shrinking_bytes)
    first, second = both(METHODS[0], pool)[0], both(METHODS[0], pool)[0]
    assert first.pack(TEXT) != TEXT
    assert second.pack(TEXT) == TEXT
    first.end()
    assert second.pack(TEXT) != TEXT


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_what_becomes_too_small_is_filled_up(method: Method) -> None:
    squeezer, expander = both(method)
    for _ in range(3):
        frame = read(squeezer.pack(bytes(500_000)))
        assert 500_000 <= RATIO * (len(frame.data) + len(frame.padding)) < 500_000 + RATIO
        assert expander.expand(frame) == bytes(500_000)
