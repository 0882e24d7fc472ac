"""What has more values than its channel takes is refused, before any of them is made and before it is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from peerbus.actors import Channel, MessageTooLarge, MessageTypeError
from peerbus.actors.messages import DEFAULT_MAX_ELEMENTS, UNCHECKED
from peerbus.transports.wire.elements import grows
from peerbus.transports.wire.payload import PLAIN, ChannelCodec


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


@dataclass(frozen=True)
class Table:
    entries: dict[int, int]


@pytest.mark.parametrize(
    ("message_type", "expected"),
    [(Flat, False), (Nested, False), (Lists, True), (Deep, True), (Tree, True), (Loose, True)],
)
def test_only_types_that_can_hold_any_number_of_values_are_looked_through(message_type: type, expected: bool) -> None:
    assert grows(message_type) is expected


CODEC = ChannelCodec(Channel("lists", messages=(Lists, Flat), max_message=16 << 20))


def lists(number: int) -> bytes:
    """A `Lists` with that many empty lists, of a byte each."""
    return b"\x81\xa5items\xdd" + number.to_bytes(4, "big") + b"\x90" * number


@pytest.mark.parametrize("decode", [CODEC.decode, lambda number, payload: CODEC.decoders[number](payload)])
def test_a_payload_that_would_become_too_many_values_is_refused_and_one_of_as_many_bytes_is_not(
    decode: Callable[[int, bytes], object],
) -> None:
    fits = decode(1, lists(DEFAULT_MAX_ELEMENTS - 3))
    assert isinstance(fits, Lists)
    with pytest.raises((MessageTypeError, ValueError), match="values in one message"):
        decode(1, lists(DEFAULT_MAX_ELEMENTS - 2))
    large = Flat(1, bytes(8 << 20))
    assert decode(2, CODEC.encode(large, 16 << 20)[1]) == large


def test_a_plain_answer_is_bounded_in_all_its_lists_together() -> None:
    with pytest.raises(MessageTypeError, match="values in one message"):
        CODEC.decode(PLAIN, b"\x9a" + (b"\xdc\xff\xff" + b"\x90" * 65535) * 10)


def test_a_message_of_more_values_than_its_channel_takes_is_refused_by_its_sender() -> None:
    fits, more = Lists([[] for _ in range(DEFAULT_MAX_ELEMENTS - 3)]), Lists([[] for _ in range(DEFAULT_MAX_ELEMENTS)])
    assert CODEC.decode(*CODEC.encode(fits, 16 << 20)) == fits
    with pytest.raises(MessageTooLarge, match="Lists on channel 'lists': more than 65536 values in one message"):
        CODEC.encode(more, 16 << 20)
    assert len(CODEC.encode(more, 16 << 20, 2 * DEFAULT_MAX_ELEMENTS)[1]) > DEFAULT_MAX_ELEMENTS  # as its owner says
    with pytest.raises(MessageTooLarge, match="more than 100 values"):
        CODEC.encode(Lists([[1, 2, 3]] * 60), 16 << 20, 100)
    with pytest.raises(MessageTooLarge, match="more than 65536 values"):
        CODEC.encode_reply(more, 16 << 20)
    with pytest.raises(MessageTooLarge, match="more than 65536 values"):
        CODEC.encode_reply([[]] * 40_000 + [[[]]] * 20_000, 16 << 20)


def test_a_channel_may_take_more_values_or_fewer() -> None:
    many = ChannelCodec(Channel("lists", messages=(Lists,), max_elements=1 << 20))
    few = ChannelCodec(Channel("lists", messages=(Lists,), max_elements=10))
    assert (many.info.max_elements, few.info.max_elements) == (1 << 20, 10)
    assert isinstance(many.decode(1, lists(DEFAULT_MAX_ELEMENTS)), Lists)
    with pytest.raises(MessageTypeError, match="more than 10 values"):
        few.decode(1, lists(8))
    assert few.decode(1, lists(7)) == Lists([[]] * 7)


def test_only_what_may_have_too_much_in_it_is_looked_at_before_it_is_sent() -> None:
    flat = ChannelCodec(Channel("flat", messages=(Flat,)))
    tables = ChannelCodec(Channel("tables", messages=(Table, Flat)))
    assert flat.sent_unseen(4 << 20, 1000) == 4 << 20
    assert CODEC.sent_unseen(4 << 20, 1000) == 1000
    assert tables.sent_unseen(4 << 20, 1 << 20) == UNCHECKED


def test_a_map_that_no_receiver_takes_is_refused_by_its_sender() -> None:
    codec = ChannelCodec(Channel("tables", messages=(Table,)))
    fits, more = Table({n: n for n in range(2048)}), Table({n: n for n in range(2049)})
    assert codec.decode(*codec.encode(fits, 1 << 20)) == fits
    with pytest.raises(MessageTypeError, match="a map or set of 2049 entries"):
        codec.encode(more, 1 << 20)
    with pytest.raises(MessageTypeError, match="a map or set of 2049 entries"):
        codec.check_sent(more, msgspec.msgpack.encode(more), 1 << 20, 1 << 20)
    for answer in (more, more.entries, [more.entries]):
        with pytest.raises(MessageTypeError, match="a map or set of 2049 entries"):
            codec.encode_reply(answer, 1 << 20)
