"""Payloads against the types that a channel declares: a message of that type, or MessageTypeError."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields
from enum import Enum
from typing import Any, Literal, get_type_hints

import msgpack
import msgspec

from fuzz.mutation import mutate_packed
from peerbus.actors.base import MessageTypeError
from peerbus.actors.messages import Channel, Message, encoding_of
from peerbus.transports.wire.payload import ChannelCodec


class Colour(Enum):
    """A field may be one of some."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Inner:
    """A message may hold others."""

    number: int
    text: str = ""


@dataclass(frozen=True)
class Everything:
    """One field of each form."""

    flag: bool
    count: int
    share: float
    name: str
    data: bytes
    colour: Colour
    mode: Literal["fast", "slow"]
    inner: Inner
    maybe: Inner | None = None
    either: int | str = 0
    listed: list[Inner] = field(default_factory=list)
    pair: tuple[int, str] = (0, "")
    many: tuple[float, ...] = ()
    table: dict[str, list[int]] = field(default_factory=dict)
    some: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Tree:
    """A message that holds itself."""

    children: list[Tree] = field(default_factory=list)


@dataclass(frozen=True)
class Empty:
    """Nothing to say."""


def as_message(cls: type[Any]) -> type:
    """The dataclass as a Message."""
    hints = get_type_hints(cls)
    made = [
        (each.name, hints[each.name])
        if each.default is MISSING and each.default_factory is MISSING
        else (each.name, hints[each.name], each.default_factory() if callable(each.default_factory) else each.default)
        for each in fields(cls)
    ]
    return msgspec.defstruct(cls.__name__, made, bases=(Message,), frozen=True)


TYPES = (Everything, Tree, Empty)
CODEC = ChannelCodec(Channel("everything", messages=TYPES))
#: The same as Messages: it has to read and refuse the same.
TWIN: ChannelCodec = ChannelCodec(Channel("everything", messages=tuple(map(as_message, TYPES))))
LIMIT = 1 << 20
PLAIN = (type(None), bool, int, float, str, bytes, list, dict)


#: What answers of type 0 are read as, by the first byte.
REPLIES = {5: Inner, 6: list[Inner] | None, 7: tuple[int, str]}


def check(data: bytes) -> None:
    """The first byte is the number of the type: 0 a plain value, 4 none that was declared, from 5 on an answer."""
    number, payload = (data[0] if data else 0) % 8, data[1:]
    if number in REPLIES:
        check_answer(payload, REPLIES[number])
        return
    try:
        value = CODEC.decode(number, payload)
    except MessageTypeError as error:
        assert "everything" in str(error)
        assert number == 0 or refuses(TWIN, number, payload)
        return
    if number == 0:
        check_plain(value)
        return
    assert type(value) is TYPES[number - 1]
    number_again, again = CODEC.encode(value, LIMIT)
    assert number_again == number
    # Not the value but its bytes: NaN is not equal to itself.
    assert CODEC.encode(CODEC.decode(number, again), LIMIT) == (number, again)
    # A dataclass leaves out what it was not sent and has a default for; a Message does not.
    assert TWIN.encode(TWIN.decode(number, payload), LIMIT) == TWIN.encode(TWIN.decode(number, again), LIMIT)


def refuses(codec: ChannelCodec, number: int, payload: bytes) -> bool:
    """The codec takes it for malformed."""
    try:
        codec.decode(number, payload)
    except MessageTypeError:
        return True
    return False


def check_answer(payload: bytes, reply: Any) -> None:
    """It is of the type that was asked for, all through."""
    try:
        value = CODEC.decode_reply(0, payload, Empty(), reply)
    except MessageTypeError as error:
        assert "everything" in str(error)
        return
    assert encoding_of(reply).fits(value)


def check_plain(value: object) -> None:
    """Nothing but what an answer may be."""
    assert type(value) in PLAIN
    if isinstance(value, list):
        for each in value:
            check_plain(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            check_plain(key)
            check_plain(each)


def seeds() -> Iterator[tuple[str, bytes]]:
    """Each type at its fullest, and plain values."""
    inner = Inner(1, "one")
    full = Everything(
        True,
        -1,
        1.5,
        "alice",
        b"\0\1",
        Colour.BLUE,
        "fast",
        inner,
        inner,
        "text",
        [inner, inner],
        (2**63, "two"),
        (0.0, math.inf),
        {"a": [1, 2], "b": []},
        frozenset({"x"}),
    )
    least = Everything(False, 0, 0.0, "", b"", Colour.RED, "slow", Inner(0))
    tree = Tree([Tree(), Tree([Tree()])])
    for name, message in (("full", full), ("least", least), ("tree", tree), ("empty", Empty())):
        number, payload = CODEC.encode(message, LIMIT)
        yield name, bytes([number]) + payload
    for name, value in (("plain", [None, True, -1, 2.5, "a", b"b", {"c": [], 1: {}}]), ("nothing", None)):
        packed = msgpack.packb(value)
        assert isinstance(packed, bytes)
        yield name, b"\0" + packed
    for number, reply in REPLIES.items():
        for place, answer in enumerate((inner, [inner, inner], (7, "seven"), None)):
            if encoding_of(reply).fits(answer):
                yield f"answer-{number}-{place}", bytes([number]) + CODEC.encode_reply(answer, LIMIT)[1]
    yield "timestamp", b"\0\xd6\xff\0\0\0\0"
    yield "undeclared", b"\x04\x80"


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change one field."""
    return data[:1] + mutate_packed(data[1:], random.Random(seed))
