"""Maps and sets that a peer could fill with keys that collide."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgpack
import msgspec
import pytest

from peerbus.actors import Message, MessageTypeError
from peerbus.actors.messages import encoding_of, unkeyed_hashes
from peerbus.actors.messages.answer_encoding import decode_plain
from peerbus.actors.messages.unkeyed_hashes import MAX_NUMBERS, MAX_OTHERS, check_plain, guard_of

#: The modulus of the hashes of numbers: these all have the hash 1.
MODULUS = 2**61 - 1


class Color(enum.Enum):
    RED = "red"


@dataclass(frozen=True)
class Point:
    x: int
    y: int


@dataclass(frozen=True)
class Name:
    first: str


class Pair(NamedTuple):
    a: int
    b: dict[int, int]


@dataclass(frozen=True)
class Holder:
    uuids: dict[UUID, int] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    points: dict[tuple[int, int], int] = field(default_factory=dict)
    ids: set[int] = field(default_factory=set)
    texts: dict[str, int] = field(default_factory=dict)
    long: list[int] = field(default_factory=list)
    any: Any = None
    more: list[Holder] = field(default_factory=list)
    either: dict[int, int] | str | None = None


class Arrayed(msgspec.Struct, array_like=True, tag=True):
    texts: dict[str, int]
    numbers: dict[int, int]


def guarded(value: object, kind: Any = None) -> object:
    return encoding_of(kind or type(value)).decode(msgspec.msgpack.encode(value))


COLLIDING = {
    "UUID": (Holder(uuids={UUID(int=1 + n * MODULUS): n for n in range(MAX_OTHERS + 1)}), "map or set"),
    "int": (Holder(numbers={n << 46: n for n in range(MAX_NUMBERS + 1)}), "map or set"),
    "tuple": (Holder(points={(1, n << 40): n for n in range(MAX_OTHERS + 1)}), "map or set"),
    "set": (Holder(ids=set(range(MAX_NUMBERS + 1))), "map or set"),
    "any": (Holder(any={n: n for n in range(MAX_NUMBERS + 1)}), "map or set"),
    "array under any": (Holder(any=[{(1, 2): 3, "x": "y" * 4096}]), "key of a map"),
    "within": (Holder(more=[Holder(more=[Holder(numbers={n: n for n in range(MAX_NUMBERS + 1)})])]), "map or set"),
    "union": (Holder(either={n: n for n in range(MAX_NUMBERS + 1)}), "map or set"),
    "all together": (Holder(more=[Holder(numbers={n: n for n in range(MAX_NUMBERS)})] * 3), "too many"),
    "array": (Arrayed({}, {n: n for n in range(MAX_NUMBERS + 1)}), "map or set"),
    "named tuple": (Pair(1, {n: n for n in range(MAX_NUMBERS + 1)}), "map or set"),
}


@pytest.mark.parametrize("what", COLLIDING)
def test_more_entries_than_may_collide_are_refused_before_they_are_made(what: str) -> None:
    value, why = COLLIDING[what]
    with pytest.raises(MessageTypeError, match=why):
        guarded(value)


TAKEN = {
    "few": Holder(numbers={n: n for n in range(MAX_NUMBERS)}, uuids={UUID(int=n): n for n in range(MAX_OTHERS)}),
    "texts": Holder(texts={str(n): n for n in range(20_000)}),
    "a long list": Holder(long=list(range(20_000)), any=list(range(20_000)), ids={1}),
    "texts under any": Holder(any={str(n): [n, {"x": None}] for n in range(20_000)}),
    "many small ones": Holder(more=[Holder(numbers={n: n for n in range(60)})] * 1000),
    "several large ones": Holder(more=[Holder(numbers={n: n for n in range(MAX_NUMBERS)})] * 2),
    "union": Holder(either="x" * 5000),
    "array": Arrayed({str(n): n for n in range(5000)}, {1: 1}),
}


@pytest.mark.parametrize("what", TAKEN)
def test_what_cannot_collide_has_no_such_bound(what: str) -> None:
    assert guarded(TAKEN[what]) == TAKEN[what]


NEEDLESS = [
    int,
    str,
    list[int],
    dict[str, int],
    dict[bytes, list[dict[str, float]]],
    dict[Color, int],
    dict[tuple[str, bytes], int],
    set[str],
    frozenset[Annotated[str, msgspec.Meta(max_length=3)]],
    Name,
    Point,
    list[Point] | None,
]


@pytest.mark.parametrize("kind", NEEDLESS, ids=str)
def test_a_type_without_such_a_map_is_never_looked_through(kind: Any) -> None:
    assert guard_of(msgspec.inspect.type_info(kind)) is None


NEEDED = [
    dict[int, int],
    dict[str, dict[float, int]],
    set[UUID],
    dict[datetime, int],
    dict[str | int, int],
    Any,
    Holder,
]


@pytest.mark.parametrize("kind", NEEDED, ids=str)
def test_a_type_with_one_is(kind: Any) -> None:
    assert guard_of(msgspec.inspect.type_info(kind)) is not None


def test_plain_answers_are_looked_through_likewise() -> None:
    with pytest.raises(ValueError, match="map or set"):
        decode_plain(msgpack.packb({n: n for n in range(MAX_NUMBERS + 1)}))
    assert len(decode_plain(msgpack.packb({str(n): n for n in range(9000)}))) == 9000  # type: ignore[arg-type]  # a map


def test_bytes_that_end_too_early_or_are_nested_deeply_are_the_decoders_to_refuse() -> None:
    check_plain(b"\xdf\x00\x00\xff\xff" + b"\x01\x02" * 2000)
    for payload in (b"\xdf\xff\xff\xff\xff" + b"\xa1a\x02" * 2000, b"\x91" * 20_000 + b"\xc0", b"\xdf" * 3000):
        with pytest.raises(MessageTypeError):
            encoding_of(Holder).decode(b"\x81\xa3any" + payload)


class Add(Message, tag="add"):
    a: Add | Mul | None = None
    b: dict[str, Add | Mul] | list[Add | Mul] | None = None
    table: dict[int, int] = msgspec.field(default_factory=dict)


class Mul(Message, tag="mul"):
    a: Add | Mul | None = None
    b: dict[str, Add | Mul] | list[Add | Mul] | None = None
    table: dict[int, int] = msgspec.field(default_factory=dict)


@pytest.mark.parametrize("of", [lambda x: Add(a=x), lambda x: Mul(b=[x]), lambda x: Add(b={"x": x})])
def test_what_is_nested_in_types_of_which_each_may_be_either_is_looked_through_in_linear_time(
    of: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = guard_of(msgspec.inspect.type_info(Add))
    assert guard is not None
    heads, head = 0, unkeyed_hashes._Look.head

    def counted(look: Any, at: int) -> tuple[int, int, int]:
        nonlocal heads
        heads += 1
        return head(look, at)

    monkeypatch.setattr(unkeyed_hashes._Look, "head", counted)
    nested: Any = Add(table=dict.fromkeys(range(MAX_NUMBERS), 0))
    for depth in range(1, 41):
        nested = of(nested)
        heads = 0
        guard(msgspec.msgpack.encode(nested))
        assert heads <= 8 * (MAX_NUMBERS + 12 * depth)
    nested = of(Add(table=dict.fromkeys(range(MAX_NUMBERS + 1), 0)))
    with pytest.raises(ValueError, match="map or set"):
        guard(msgspec.msgpack.encode(nested))
