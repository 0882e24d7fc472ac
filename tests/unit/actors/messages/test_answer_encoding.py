"""An answer that is no declared message is encoded by the side that gives it, and read as the asker expects it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import Message, MessageTypeError, Request
from peerbus.actors.messages.answer_encoding import (
    MAX_PLAIN_ELEMENTS,
    decode_answer,
    decode_plain,
    encode_answer,
    marked,
    unmarked,
)


class Block(Message):
    height: int


class GetBlock(Message, Request[Block]):
    height: int


class GetMany(Message, Request[list[int]]):
    pass


class Get(Message):
    """Names no answer."""


@dataclass(frozen=True)
class Wide:
    height: int
    more: str = "more"


def over(value: object, message: object, reply: Any = None) -> object:
    """What the asker gets of it."""
    return decode_answer(encode_answer(value, type(message), ()), message, reply, ())


@pytest.mark.parametrize("value", [None, True, 7, 1.5, "a", b"b", [1, ["a"]], {"a": {"b": None}}])
def test_a_plain_value_travels_as_it_is(value: object) -> None:
    payload = encode_answer(value, Get, ())
    assert payload == msgspec.msgpack.encode(value)
    assert decode_plain(payload) == value
    assert over(value, Get()) == value


def test_what_the_message_names_arrives_as_that() -> None:
    assert over(Block(7), GetBlock(7)) == Block(7)
    assert over([1, 2], GetMany()) == [1, 2]


def test_what_nobody_named_is_refused_by_the_asker_and_read_where_reply_says_what_it_is() -> None:
    with pytest.raises(MessageTypeError, match=r"ask with reply=…, or let the message name it, as Request\[…\]"):
        over(Block(7), Get())
    assert over(Block(7), Get(), Block) == Block(7)
    assert over((1, "a"), Get(), tuple[int, str]) == (1, "a")


def test_another_answer_than_was_named_is_refused_where_it_is_given() -> None:
    with pytest.raises(MessageTypeError, match="int"):
        encode_answer(7, GetBlock, ())
    with pytest.raises(MessageTypeError, match="tuple"):
        encode_answer((1, 2), GetMany, ())


def test_fields_that_reply_would_lose_are_refused_by_the_asker() -> None:
    with pytest.raises(MessageTypeError, match="fields that Block does not declare"):
        over(Wide(7), Get(), Block)


def test_a_plain_list_that_is_too_long_says_what_to_write_and_is_no_matter_where_its_type_is_known() -> None:
    long = [0] * (MAX_PLAIN_ELEMENTS + 1)
    with pytest.raises(MessageTypeError, match=r"let the message name its answer, as Request\[list\[int\]\]"):
        encode_answer(long, Get, ())
    assert over(long, GetMany()) == long


def test_bytes_that_a_peer_makes_up_are_an_error_of_the_answer() -> None:
    for payload in (b"", b"\xc1", b"\xdd\xff\xff\xff\xff", marked(b"\xc1"), marked(b"\x01")[:-1]):
        with pytest.raises(MessageTypeError):
            decode_answer(payload, GetBlock(7), None, ())


@given(payload=st.binary(max_size=300))
def test_a_mark_is_taken_off_again(payload: bytes) -> None:
    for size in (payload, payload * 300):
        assert unmarked(marked(size)) == (size, True)
    assert unmarked(memoryview(marked(payload)))[0] == payload
