"""Messages as bytes and back, checked against what the channel declares."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kinds import make_message
from payloads import CHANNEL, CODEC, Block, Get

from peerbus.actors import Channel, DeadLetter, MessageTooLarge, MessageTypeError
from peerbus.actors.messages.answer_encoding import MAX_PLAIN_ELEMENTS
from peerbus.transports.wire.codecs import Codecs
from peerbus.transports.wire.payload import PLAIN, ChannelCodec

LIMIT = 1 << 20
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
