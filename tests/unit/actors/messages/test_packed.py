"""Values are counted in MessagePack as its decoder would make them, whatever they are."""

from __future__ import annotations

from typing import Any

import msgpack
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors.messages.packed import AFTER, count, too_many

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, width=32)
    | st.text(max_size=300)
    | st.binary(max_size=300)
    | st.builds(msgpack.ExtType, st.integers(0, 127), st.binary(max_size=40))
)
VALUES = st.recursive(
    SCALARS, lambda inside: st.lists(inside, max_size=20) | st.dictionaries(st.text(max_size=3), inside, max_size=20)
)


def values_in(value: Any) -> int:
    """How many there are, itself included."""
    if isinstance(value, list):
        return 1 + sum(map(values_in, value))
    return 1 + sum(1 + values_in(each) for each in value.values()) if isinstance(value, dict) else 1


@given(value=VALUES, short_floats=st.booleans())
def test_each_value_counts_once_however_it_is_written(value: Any, short_floats: bool) -> None:
    payload: bytes = msgpack.packb(value, use_single_float=short_floats)
    assert count(payload) == values_in(value)
    assert count(memoryview(payload)) == values_in(value)
    assert not too_many(payload, values_in(value))
    assert values_in(value) == 1 or too_many(payload, values_in(value) - 1)


@given(st.binary(max_size=300), st.integers(1, 50))
def test_bytes_that_are_no_messagepack_are_left_to_the_decoder(data: bytes, limit: int) -> None:
    assert too_many(data, limit) in (True, False)


def test_long_values_count_once() -> None:
    for size in (2**8, 2**16):
        for value in ("x" * size, b"x" * size, msgpack.ExtType(1, b"x" * size)):
            assert count(msgpack.packb(value)) == 1
    assert count(msgpack.packb([None] * 2**16)) == 1 + 2**16
    assert count(b"") == 0


def test_every_head_has_an_entry() -> None:
    assert len(AFTER) == 256
