"""What a message takes in memory, by its type alone, is never less than what it does take."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import msgspec
import pytest

from peerbus.actors.messages import DEFAULT_MAX_ELEMENTS
from peerbus.transports.wire.decoded_size import AROUND, weight_of


@dataclass(frozen=True)
class Flat:
    number: int = 0
    text: str = ""
    data: bytes = b""


@dataclass(frozen=True)
class Heavy:
    lists: list[list[int]] = field(default_factory=list)
    maps: list[dict[str, int]] = field(default_factory=list)
    sets: list[set[int]] = field(default_factory=list)
    floats: list[float] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    flats: list[Flat] = field(default_factory=list)
    tree: list[Heavy] = field(default_factory=list)
    any: Any = None


class Small(msgspec.Struct):
    a: int = 0


class Many(msgspec.Struct):
    items: list[Small]


def taken(value: object, seen: set[int]) -> int:
    if id(value) in seen or (isinstance(value, int) and -6 < value < 257) or value in ("", b"", ()):
        return 0
    seen.add(id(value))
    size = sys.getsizeof(value) + (16 if isinstance(value, list | dict | set) else 0)
    if isinstance(value, dict):
        return size + sum(taken(k, seen) + taken(v, seen) for k, v in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return size + sum(taken(each, seen) for each in value)
    if is_dataclass(value):
        return size + sum(taken(getattr(value, each.name), seen) for each in fields(value)) + 184
    if isinstance(value, msgspec.Struct):
        return size + sum(taken(getattr(value, name), seen) for name in value.__struct_fields__)
    return size


MESSAGES: dict[str, Any] = {
    "numbers": Flat(2**60, "x" * 500, bytes(500)),
    "wide text": Flat(1, "x" * 5000 + "\U0001f600", b""),
    "empty lists": Heavy(lists=[[] for _ in range(5000)]),
    "empty maps": Heavy(maps=[{} for _ in range(5000)]),
    "small maps": Heavy(maps=[{"a": 1} for _ in range(2000)]),
    "empty sets": Heavy(sets=[set() for _ in range(2000)]),
    "full sets": Heavy(sets=[set(range(1000, 1300)) for _ in range(10)]),
    "floats": Heavy(floats=[float(number) for number in range(3000)]),
    "one large map": Heavy(texts={f"{number:x}": "ab" for number in range(3000)}),
    "objects": Heavy(flats=[Flat() for _ in range(2000)]),
    "a tree": Heavy(tree=[Heavy() for _ in range(500)]),
    "anything": Heavy(any=[[], {}, {"a": 1}, [1.5], "ab"] * 500),
    "structs": Many([Small() for _ in range(5000)]),
    "nothing": Flat(),
}


@pytest.mark.parametrize("what", MESSAGES)
def test_a_message_takes_no_more_than_its_type_says(what: str) -> None:
    payload = msgspec.msgpack.encode(MESSAGES[what])
    message = msgspec.msgpack.decode(payload, type=type(MESSAGES[what]))
    assert taken(message, set()) <= weight_of(type(message)).of(1, len(payload), DEFAULT_MAX_ELEMENTS) - AROUND + 8


def test_what_cannot_grow_is_not_taken_for_much() -> None:
    weight = weight_of(Flat)
    assert weight.per_byte == 4.0
    assert weight.each < 1500


def test_one_message_has_a_bound_however_heavy_its_type() -> None:
    assert weight_of(Heavy).of(1, 16 << 20, 512 << 10) < 80 << 20


def test_a_type_is_looked_at_once() -> None:
    assert weight_of(Heavy) is weight_of(Heavy)
