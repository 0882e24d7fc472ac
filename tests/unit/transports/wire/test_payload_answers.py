"""Answers as bytes and back, as the type that was asked for."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from payloads import CHANNEL, CODEC, Block, Get

from peerbus.actors import Channel, MessageTooLarge, MessageTypeError, Request
from peerbus.actors.messages.answer_encoding import TYPED, marked, unmarked
from peerbus.transports.wire.payload import PLAIN, ChannelCodec

LIMIT = 1 << 20


@pytest.mark.parametrize(
    "value", [None, True, 7, 1.5, "text", b"bytes", [1, [2]], {"a": [None]}, {1: 2}, 2**64 - 1, -(2**63)]
)
def test_plain_values_travel_as_answers(value: object) -> None:
    number, payload = CODEC.encode_reply(value, LIMIT)
    assert number == PLAIN
    assert CODEC.decode(number, payload) == value


@dataclass(frozen=True)
class Done:
    """An answer that the channel does not declare."""

    number: int


@dataclass(frozen=True)
class Special2(Done):
    more: int = 0


@dataclass(frozen=True)
class GetDone(Request["list[Done] | None"]):
    number: int


@dataclass(frozen=True)
class GetOne(Request[Done]):
    number: int


ASKS = ChannelCodec(Channel("asks", messages=(GetDone, GetOne, Get)))


def answered(value: object, message: object, reply: Any = None) -> object:
    """An answer to `message` as it arrives."""
    number, payload = ASKS.encode_reply(value, LIMIT, ASKS.numbers[type(message)])
    return ASKS.decode_reply(number, payload, message, reply)


@pytest.mark.parametrize(
    ("value", "message", "reply"),
    [
        ([Done(1), Done(2)], GetDone(1), None),
        (None, GetDone(1), None),
        (Done(1), GetOne(1), None),
        (Done(1), Get(1), Done),
        ([Done(1)], Get(1), list[Done]),
        ((1, 2), Get(1), tuple[int, int]),
        ({1, 2}, Get(1), set[int]),
        (None, Get(1), int | None),
        (7, Get(1), int | None),
        ({"a": Done(1)}, Get(1), dict[str, Done]),
        (date(2026, 1, 1), Get(1), date),
        (Get(3), Get(1), Get | Done),
        (Done(3), Get(1), Get | Done),
        ([1, "a", {"b": None}], Get(1), None),
        ([1, "a", {"b": None}], Get(1), object),
    ],
)
def test_an_answer_arrives_as_the_type_that_was_asked_for(value: object, message: object, reply: Any) -> None:
    found = answered(value, message, reply)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("value", "message", "reply", "text"),
    [
        (Done(1), Get(1), None, "its type is not known here: ask with reply="),
        ((1, 2), Get(1), object, "its type is not known here"),
        (Special2(1), GetOne(1), None, "the answer holds Special2, its type is Done; a subclass would arrive"),
        (Special2(1), Get(1), Done, "it has fields that Done does not declare"),
        ([Special2(1)], Get(1), list[Done], "it has fields that"),
        ([1, 2], Get(1), tuple[int, int], "the answer holds list"),
        ({"number": 1}, Get(1), Done, "the answer holds dict, its type is Done"),
        ({"number": 1}, GetOne(1), None, "asks answered GetOne with a dict, not a Done"),
        (Done("7"), Get(1), Done, "the answer.number holds str, its type is int"),  # type: ignore[arg-type]  # the mistake
        ("text", Get(1), int, "the answer holds str, its type is int"),
        (Done(1), Get(1), Get, "the answer is not one of Get"),
    ],
)
def test_an_answer_that_would_arrive_as_something_else_is_refused(
    value: object, message: object, reply: Any, text: str
) -> None:
    with pytest.raises(MessageTypeError, match=text):
        answered(value, message, reply)


def test_a_stranger_need_not_mark_what_the_message_names() -> None:
    assert ASKS.decode_reply(PLAIN, msgpack.packb({"number": 1}), GetOne(1), None) == Done(1)


@given(st.binary(max_size=300), st.sampled_from([1, 2, 4, 8, 16]))
def test_a_mark_comes_off_again_whichever_head_it_has(data: bytes, size: int) -> None:
    assert unmarked(marked(data)) == (data, True)
    assert msgpack.unpackb(marked(data)) == msgpack.ExtType(TYPED, data)
    fixed = (data + bytes(16))[:size]
    packed = msgpack.packb(msgpack.ExtType(TYPED, fixed))
    assert isinstance(packed, bytes)
    assert unmarked(packed) == (fixed, True)


@pytest.mark.parametrize("size", [0, 255, 256, 65_535, 65_536, 70_000])
def test_a_mark_is_as_messagepack_writes_it(size: int) -> None:
    assert msgpack.unpackb(marked(bytes(size))) == msgpack.ExtType(TYPED, bytes(size))
    assert unmarked(marked(bytes(size))) == (bytes(size), True)


@given(st.binary(max_size=200), st.sampled_from([None, Done, list[Done], tuple[int, int], int | None]))
def test_no_bytes_of_an_answer_raise_anything_but_a_message_type_error(payload: bytes, reply: Any) -> None:
    for data in (payload, marked(payload)):
        with contextlib.suppress(MessageTypeError):
            ASKS.decode_reply(PLAIN, data, Get(1), reply)


def test_declared_messages_travel_as_answers() -> None:
    number, payload = CODEC.encode_reply(Get(3), LIMIT)
    assert CODEC.decode(number, payload) == Get(3)


@pytest.mark.parametrize("value", [object(), 1j, 2**64, "\ud800", Get, [object()], {1: {2**64}}])
def test_what_is_neither_is_a_message_type_error(value: object) -> None:
    with pytest.raises(MessageTypeError, match="blocks answered an ask with"):
        CODEC.encode_reply(value, LIMIT)


def test_an_answer_above_the_limit_is_refused() -> None:
    with pytest.raises(MessageTooLarge):
        CODEC.encode_reply(bytes(100), 100)


class Unwilling(dict[str, int]):
    """A map that somebody changes while it is written."""

    def items(self) -> Any:
        raise RuntimeError("changed during iteration")


def test_an_answer_that_cannot_be_read_is_its_own_fault_and_not_of_who_sends_it() -> None:
    with pytest.raises(MessageTypeError, match="blocks answered an ask with an Unwilling"):
        CODEC.encode_reply(Unwilling(a=1), LIMIT)


def test_a_large_answer_is_encoded_once() -> None:
    """Whatever stands in its channel: what may have any number of values is looked at, and not encoded once more."""
    codec, encoded = ChannelCodec(CHANNEL), list[object]()
    encode = codec.encode_fields

    def counted(value: object) -> bytes:
        encoded.append(value)
        return encode(value)

    codec.encode_fields = counted
    large = Block(1, bytes(4000), [])
    codec.unseen = 100
    number, payload = codec.encode_reply(large, 5000)
    assert CODEC.decode(number, payload) == large
    assert encoded == [large]
    with pytest.raises(MessageTooLarge):
        codec.encode_reply(large, 3000)
