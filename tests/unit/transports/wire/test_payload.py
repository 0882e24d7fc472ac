"""Messages as bytes and back, checked against what the channel declares."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kinds import make_message

from peerbus.actors import Channel, DeadLetter, MessageTooLarge, MessageTypeError, Request
from peerbus.actors.messages.answer_encoding import MAX_PLAIN_ELEMENTS, TYPED, marked, unmarked
from peerbus.transports.wire.codecs import Codecs
from peerbus.transports.wire.payload import PLAIN, ChannelCodec

LIMIT = 1 << 20


@dataclass(frozen=True)
class Get:
    height: int


@dataclass(frozen=True)
class Block:
    height: int
    data: bytes
    links: list[str] = field(default_factory=list)
    extra: Any = None


@dataclass(frozen=True)
class Empty:
    pass


CHANNEL = Channel("blocks", messages=(Get, Block, Empty), window=7, window_bytes=700, max_message=5000, priority=9)
CODEC = ChannelCodec(CHANNEL)
#: The same messages as Messages.
MADE: Channel[Any] = Channel(
    "blocks",
    messages=(
        make_message("Get", [("height", int)]),
        make_message(
            "Block", [("height", int), ("data", bytes), ("links", list[str], msgspec.field(default_factory=list))]
        ),
        make_message("Empty", []),
    ),
)
EACH = pytest.mark.parametrize("codec", [CODEC, ChannelCodec(MADE)], ids=["dataclass", "message"])


def test_a_channel_is_announced_with_all_its_bounds() -> None:
    info = CODEC.info
    assert (info.name, info.types, info.priority) == ("blocks", ("Get", "Block", "Empty"), 9)
    assert (info.messages, info.bytes, info.max_message, info.schema) == (7, 700, 5000, CODEC.schema)


@EACH
@given(height=st.integers(-(2**63), 2**64 - 1), data=st.binary(max_size=99), links=st.lists(st.text(max_size=9)))
def test_what_was_encoded_is_decoded(codec: ChannelCodec, height: int, data: bytes, links: list[str]) -> None:
    block = codec.messages[1](height, data, links)
    number, payload = codec.encode(block, LIMIT)
    assert number == 2
    assert codec.decode(number, payload) == block


@EACH
def test_a_message_is_a_map_that_any_messagepack_reads_and_writes(codec: ChannelCodec) -> None:
    get, block, empty = codec.messages
    assert codec.encode(get(7), LIMIT) == (1, msgpack.packb({"height": 7}))
    assert codec.decode(2, msgpack.packb({"data": b"x", "height": 1, "later": True})) == block(1, b"x")
    assert codec.decode(3, msgpack.packb({})) == empty()


@dataclass(frozen=True)
class Careful:
    number: int

    def __post_init__(self) -> None:
        assert self.number, "a zero"


class Panic(BaseException):
    """What a library in another language raises."""


@dataclass(frozen=True)
class Panics:
    number: int

    def __post_init__(self) -> None:
        if self.number > 1:
            raise SystemExit(self.number)
        if self.number:
            raise Panic("a number")


@EACH
@given(number=st.sampled_from([PLAIN, 1, 2, 3]), payload=st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_message_type_error(codec: ChannelCodec, number: int, payload: bytes) -> None:
    with contextlib.suppress(MessageTypeError):
        codec.decode(number, payload)


@EACH
@pytest.mark.parametrize(
    ("number", "payload"),
    [
        (1, b""),
        (1, msgpack.packb({})),
        (1, msgpack.packb({"height": "7"})),
        (1, msgpack.packb({"height": True})),
        (1, msgpack.packb({"height": 7}) + b"\0"),
        (1, msgpack.packb([7])),
        (2, msgpack.packb({"height": 1, "data": "text"})),
        (2, b"\x81\xa5extra" + b"\x91" * 100_000 + b"\xc0"),
        (2, b"\x81\xa5links\xdd\xff\xff\xff\xff"),
        (4, msgpack.packb({})),
        (2**32 - 1, b""),
        (PLAIN, b"\xc1"),
        (PLAIN, b"\x91" * 100_000),
        (PLAIN, b"\xdd\xff\xff\xff\xff"),
        (PLAIN, msgpack.packb([None] * (MAX_PLAIN_ELEMENTS + 1))),
        (PLAIN, b"\xc7\x01\x05x"),
        (PLAIN, b"\xa2\xff\xff"),
        (PLAIN, b"\x81\x90\xc0"),  # a list as a key
    ],
)
def test_malformed_payloads_are_message_type_errors_that_name_the_channel(
    codec: ChannelCodec, number: int, payload: bytes
) -> None:
    with pytest.raises(MessageTypeError, match="'blocks'"):
        codec.decode(number, payload)


def test_a_message_that_refuses_its_own_fields_is_malformed_whatever_it_raises() -> None:
    codec = ChannelCodec(Channel("careful", messages=(Careful,)))
    assert codec.decode(1, msgpack.packb({"number": 1})) == Careful(1)
    with pytest.raises(MessageTypeError, match="Careful on channel 'careful' is malformed: a zero"):
        codec.decode(1, msgpack.packb({"number": 0}))
    panics = ChannelCodec(Channel("panics", messages=(Panics,)))
    for number, text in ((1, "a number"), (3, "3")):
        with pytest.raises(MessageTypeError, match=f"Panics on channel 'panics' is malformed: {text}"):
            panics.decode(1, msgpack.packb({"number": number}))


def test_a_message_that_is_not_declared_or_cannot_be_encoded_comes_back_with_its_error() -> None:
    odd = Block(1, b"", extra=object())
    for message, text in ((Get, "declares Get, Block, Empty"), ("text", "carries no str"), (odd, "object")):
        with pytest.raises(MessageTypeError, match=text) as caught:
            CODEC.encode(message, LIMIT)
        assert caught.value.message is message


class Special(bytes):
    """More than bytes."""


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (Get("7"), "Get.height holds str, its type is int"),  # type: ignore[arg-type]  # the mistakes
        (Get(True), "Get.height holds bool, its type is int"),
        (Block(1, bytearray(b"x")), "Block.data holds bytearray, its type is bytes"),  # type: ignore[arg-type]
        (Block(1, Special(b"x")), "Block.data holds Special, its type is bytes"),
        (Block(1, b"", ("a",)), r"Block.links holds tuple, its type is list\[str\]"),  # type: ignore[arg-type]
        (Block(1, b"", ["a", 7]), r"Block.links\[1\] holds int, its type is str"),  # type: ignore[list-item]
        (Block(1, b"", extra=Get(7)), "Block.extra holds Get, and without a declared type only None, bool, int"),
        (Block(1, b"", extra={"a": [(1, 2)]}), r"Block.extra\['a'\]\[0\] holds tuple"),
        (Block(1, b"", extra={(1, 2): 3}), "Block.extra has a key of type tuple"),
        (Get(1 << 64), "Get.height holds an int of more than 64 bits"),
        (Block(1, b"", ["\ud800"]), r"Block.links\[0\] holds text that UTF-8 cannot carry"),
    ],
)
def test_a_field_that_is_not_exactly_of_its_type_is_named_to_its_sender(message: object, text: str) -> None:
    with pytest.raises(MessageTypeError, match=rf"{text}.* \(channel 'blocks'\)") as caught:
        CODEC.encode(message, LIMIT)
    assert caught.value.message is message


def test_facts_of_the_bus_have_no_number() -> None:
    codec = ChannelCodec(Channel("both", messages=(DeadLetter, Get)))
    assert codec.info.types == ("Get",)
    assert codec.schema == ChannelCodec(Channel("one", messages=(Get,))).schema
    with pytest.raises(TypeError, match="channel 'facts' declares nothing that travels"):
        ChannelCodec(Channel("facts", messages=(DeadLetter,)))


def test_a_message_above_the_limit_comes_back_with_its_error() -> None:
    size = len(CODEC.encode(Block(1, bytes(100)), LIMIT)[1])
    CODEC.encode(Block(1, bytes(100)), size)
    with pytest.raises(MessageTooLarge) as caught:
        CODEC.encode(Block(1, bytes(100)), size - 1)
    assert caught.value.message == Block(1, bytes(100))


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


def test_codecs_are_made_once_and_also_for_channels_that_are_declared_later() -> None:
    channels: dict[str, Channel[Any]] = {}
    codecs = Codecs(channels)
    assert codecs.get("blocks") is None
    channels["blocks"] = CHANNEL
    assert codecs.get("blocks") is not None
    assert codecs.get("blocks") is codecs.get("blocks")


@dataclass(frozen=True)
class Views:
    data: memoryview


@dataclass(frozen=True)
class Inside:
    each: list[Views | None]


@dataclass(frozen=True)
class Raw:
    data: msgspec.Raw


@pytest.mark.parametrize(
    "message",
    [
        Views(memoryview(bytes(100))),
        Inside([Views(memoryview(bytes(100)))]),
        Raw(msgspec.Raw(msgpack.packb(bytes(100)))),
        Block(1, bytes(100)),
    ],
)
def test_a_message_keeps_nothing_of_the_bytes_that_it_came_in(message: object) -> None:
    codec = ChannelCodec(Channel("all", messages=(Views, Inside, Raw, Block)))
    number, payload = codec.encode(message, LIMIT)
    came = bytearray(payload)
    with memoryview(came) as view:
        found = codec.decoders[number](view)
    came.clear()  # raises BufferError while somebody looks at it
    assert found == message


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
