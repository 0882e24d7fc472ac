"""The values in a payload are counted before any of them is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import Channel, MessageTypeError
from peerbus.transports.wire.elements import MAX_ELEMENTS, grows, too_many
from peerbus.transports.wire.payload import PLAIN, ChannelCodec

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=40,
)


def count(value: object) -> int:
    if isinstance(value, list):
        return 1 + sum(map(count, value))
    if isinstance(value, dict):
        return 1 + sum(1 + count(each) for each in value.values())
    return 1


@given(VALUES | st.builds(bytes, st.sampled_from([255, 256, 65_536])))
def test_every_value_is_counted_once_and_nothing_else(value: object) -> None:
    payload = msgpack.packb(value)
    number = count(value)
    assert not too_many(payload, number)
    assert number == 1 or too_many(payload, number - 1)


@given(st.binary(max_size=300), st.integers(1, 50))
def test_bytes_that_are_no_messagepack_are_left_to_the_decoder(data: bytes, limit: int) -> None:
    assert too_many(data, limit) in (True, False)


@dataclass(frozen=True)
class Flat:
    number: int
    data: bytes
    text: str | None = None


@dataclass(frozen=True)
class Nested:
    inner: Flat
    pair: tuple[int, Flat]


@dataclass(frozen=True)
class Lists:
    items: list[list[int]]


@dataclass(frozen=True)
class Deep:
    inner: Lists


@dataclass(frozen=True)
class Tree:
    left: Tree | None = None


@dataclass(frozen=True)
class Loose:
    anything: Any


@pytest.mark.parametrize(
    ("message_type", "expected"),
    [(Flat, False), (Nested, False), (Lists, True), (Deep, True), (Tree, True), (Loose, True)],
)
def test_only_types_that_can_hold_any_number_of_values_are_looked_through(message_type: type, expected: bool) -> None:
    assert grows(message_type) is expected


CODEC = ChannelCodec(Channel("lists", messages=(Lists, Flat), max_message=16 << 20))


def lists(number: int) -> bytes:
    """A `Lists` with so many empty lists, of a byte each."""
    return b"\x81\xa5items\xdd" + number.to_bytes(4, "big") + b"\x90" * number


@pytest.mark.parametrize("decode", [CODEC.decode, lambda number, payload: CODEC.decoders[number](payload)])
def test_a_payload_that_would_become_too_many_values_is_refused_and_one_of_as_many_bytes_is_not(
    decode: Callable[[int, bytes], object],
) -> None:
    fits = decode(1, lists(MAX_ELEMENTS - 3))
    assert isinstance(fits, Lists)
    with pytest.raises((MessageTypeError, ValueError), match="values in one message"):
        decode(1, lists(MAX_ELEMENTS - 2))
    large = Flat(1, bytes(8 << 20))
    assert decode(2, CODEC.encode(large, 16 << 20)[1]) == large


def test_a_plain_answer_is_bounded_in_all_its_lists_together() -> None:
    with pytest.raises(MessageTypeError, match="values in one message"):
        CODEC.decode(PLAIN, b"\x9a" + (b"\xdc\xff\xff" + b"\x90" * 65535) * 10)
