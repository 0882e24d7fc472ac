"""What one side writes is read by the other one where the two are said to fit, and a flaw names what does not."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, Flag, IntEnum
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypedDict
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import Channel, Message
from peerbus.actors.messages import encoding_of
from peerbus.transports.schema import Description, describe
from peerbus.transports.schema.description import Definition, FieldShape, MessageShape
from peerbus.transports.schema.flaw import Flaw
from peerbus.transports.schema.reading import MAX_STEPS, WIDER, Reading

PAGE = Path(__file__).parents[4] / "docs" / "evolving.md"


def of(name: str = "Put", bases: tuple[type, ...] = (Message,), **fields: Any) -> type:
    """A message; a field with a default is given as (type, default)."""
    made = [(key, *value) if isinstance(value, tuple) else (key, value) for key, value in fields.items()]
    return msgspec.defstruct(name, made, bases=bases, frozen=True, kw_only=True)


def struct(name: str, options: dict[str, Any], **fields: Any) -> Any:
    return msgspec.defstruct(name, [*fields.items()], bases=(Message,), frozen=True, **options)


def flaw(written: type, read: type) -> Flaw | None:
    one, other = (describe(Channel("c", messages=(kind,))).description for kind in (written, read))
    return Reading(one, other, "the old", "the new").flaw(one.messages[0].shape, other.messages[0].shape, "Put")


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Red(Enum):
    RED = "red"


class Level(IntEnum):
    LOW = 1


class Mode(Flag):
    READ = 1
    WRITE = 2


class Reads(Flag):
    READ = 1


class Point(NamedTuple):
    x: int
    y: int = 0


class Place(NamedTuple):
    x: int
    y: int
    z: int = 0


class Options(TypedDict, total=False):
    depth: int


Item: Any = of("Item", number=int)
More: Any = of("Item", number=int, tags=(list[str], msgspec.field(default_factory=list)))
Add, Drop = (struct(tag.title(), {"tag": tag}, number=int) for tag in ("add", "drop"))
Pair = struct("Pair", {"array_like": True}, left=int)
Holds: Any = of("Holds", item=Item)
HoldsAny: Any = of("Holds", item=Any)
Named, Tagged = struct("Sorted", {}, sort=str), struct("Sorted", {"tag": "a", "tag_field": "sort"})
#: A type that is written, a value of it, and a type that reads it.
FITS: list[tuple[Any, Any, Any]] = [
    (int, 7, float),
    (int, 7, int | None),
    (int, 7, Any),
    (int | None, None, float | None),
    (int | str, "a", str | float),
    (bytes, b"a", bytearray),
    (bytearray, bytearray(b"a"), bytes),
    (date, date(2026, 1, 1), str),
    (time, time(12), str),
    (timedelta, timedelta(1), str),
    (Decimal, Decimal("1.1"), str),
    (UUID, UUID(int=1), str | None),
    (list[int], [1], tuple[float, ...]),
    (tuple[int, int], (1, 2), list[int]),
    (set[int], {1}, list[int]),
    (frozenset[int], frozenset({1}), set[int]),
    (dict[str, int], {"a": 1}, dict[str, float]),
    (dict[int, list[int]], {1: [2]}, dict[float, tuple[int, ...]]),
    (Red, Red.RED, Colour),
    (Colour, Colour.BLUE, str),
    (Colour, Colour.BLUE, Literal["red", "blue", "green"]),
    (Literal["red"], "red", Colour | None),
    (Literal[1, "a"] | None, None, int | str | None),
    (Level, Level.LOW, int),
    (Level, Level.LOW, Mode),
    (Reads, Reads.READ, Mode),
    (Mode, Mode.READ | Mode.WRITE, int),
    (Item, Item(number=1), More),
    (More, More(number=1, tags=["a"]), Item),
    (list[More], [More(number=1)], list[Item] | None),
    (Add, Add(number=1), Add | Drop),
    (Add, Add(number=1), Item),
    (Item, Item(number=1), Add),
    (Options, {"depth": 1}, Options),
    (Mode | None, Mode.READ | Mode.WRITE, Mode | None),
    (Reads, Reads.READ, Mode | str | None),
    (Mode, Mode.READ | Mode.WRITE, float | str),
    (Level | None, Level.LOW, Mode | None),
    (Item | Point, Point(1, 2), Item | Place),
    (Point, Point(1, 2), Item | Point | None),
    (Item, Item(number=1), Any | None),
    (set[int | str], {1, "a"}, set[Any]),
    (dict[str, dict[int, str]], {"a": {1: "b"}}, Any),
    (Point, Point(1, 2), Place),
]
#: Types that do not read each other: what is written, what reads, and what the text says.
DIFFER: list[tuple[Any, Any, str]] = [
    (float, int, "Put.value is float at the old, int at the new"),
    (bool, int, "is bool"),
    (str, bytes, "is str"),
    (str, date, "is str"),
    (datetime, str, "is datetime"),
    (int, str, "is int at the old, str at the new"),
    (Any, int, "is Any"),
    (int | None, int, "is None"),
    (list[int], set[int], "is list"),
    (list[int], tuple[int, int], "is list"),
    (tuple[int, int], tuple[int, int, int], "is tuple"),
    (list[float], list[int], "Put.value[…] is float"),
    (dict[str, float], dict[str, int], "Put.value[…] is float"),
    (dict[str, int], dict[int, int], "a key of Put.value is str"),
    (Colour, Red, "Put.value may be 'blue' at the old, which the new does not know; add it at the new first"),
    (Colour, Level, "may be 'blue', 'red'"),
    (Mode, Level, "is Mode"),
    (Add | Drop, Add, "has the tag type='drop'"),
    (Item, Pair, "travels as a map"),
    (Item, of("Item", other=int), "Put.value.other is required at the new, and the old does not have it; give it a"),
    (Item, dict[str, int], "is Item"),
    (Point, Pair, "Put.value[0] is 'x' at the old, 'left' at the new"),
    (Place, Point, "Put.value.z is unknown at the new"),
    (int, Level | float, "is int at the old, Level | float at the new"),
    (Literal[1, 2], Level | float, "may be 2"),
    (Mode, Level | float, "is Mode"),
    (Mode | None, Reads | None, "may be 2 at the old"),
    (Named, Tagged, "Put.value.sort is the tag at the new; call the field otherwise"),
    (frozenset[Item], set[Any], "Put.value[…] is an array or a class at the old, and Any at the new; declare its"),
    (set[tuple[int, str]], set[Any | None], "Put.value[…] is an array or a class"),
    (dict[tuple[Item, int], int], dict[Any, int], "a key of Put.value is an array or a class"),
    (set[Holds], set[HoldsAny], "Put.value[…].item is an array or a class"),
    (dict[tuple[int, int], str], Any, "has at the old what is not read as Any, which it is at the new"),
    (list[dict[Item, str]] | None, list[Any] | None, "Put.value[…] has at the old"),
    (datetime, Any, "a datetime, an extension, or"),
    (of("Item", when=datetime), Any | None, "what is not read as Any"),
    (list[msgspec.msgpack.Ext], list[Any], "Put.value[…] has at the old"),
    (msgspec.Raw, Any, "what is not read as Any"),
]


@pytest.mark.parametrize(("written", "value", "read"), FITS)
def test_what_is_said_to_fit_is_read(written: Any, value: Any, read: Any) -> None:
    one, other = of(value=written), of(value=read)
    assert flaw(one, other) is None
    msgspec.msgpack.decode(msgspec.msgpack.encode(one(value=value)), type=other)


@pytest.mark.parametrize(("written", "read", "text"), DIFFER)
def test_what_does_not_fit_is_named(written: Any, read: Any, text: str) -> None:
    found = flaw(of(value=written), of(value=read))
    assert found is not None
    assert text in str(found)
    assert found.mend


@pytest.mark.parametrize(
    ("written", "read", "text"),
    [
        (of(a=int), of(a=int, b=(int, 0)), None),
        (of(a=int, b=int), of(a=int), None),
        (of(a=(int, 0)), of(a=int), None),  # it is always written
        (of(a=int), of(a=int, b=int), "Put.b is required at the new, and the old does not have it; give it a default"),
        (
            of(a=(int | msgspec.UnsetType, msgspec.UNSET)),
            of(a=int),
            "Put.a may be left out by the old, and",
        ),
        (of(a=int, b=int), struct("Put", {"forbid_unknown_fields": True}, a=int), "Put.b is unknown at the new"),
        (struct("Put", {"tag": "put"}, a=int), of(a=int), None),
        (struct("Put", {"tag": "put"}, a=int), of(a=int, type=(str, "")), "Put.type is the tag of the old"),
        (struct("Put", {"tag": "put"}, a=int), struct("Put", {"tag": "set"}, a=int), "has the tag type='put'"),
        (struct("Put", {"rename": "upper"}, a=int), of(A=int), None),
        (struct("Put", {"array_like": True}, a=int), struct("Put", {"array_like": True}, a=int, b=int), "Put.b is"),
        (struct("Put", {"array_like": True}, a=int, b=int), struct("Put", {"array_like": True}, a=int), None),
        (
            struct("Put", {"array_like": True}, a=int, b=int),
            struct("Put", {"array_like": True}, b=int, a=int),
            "Put[0] is 'a' at the old, 'b' at the new; keep the order",
        ),
    ],
)
def test_fields_that_come_and_go(written: Any, read: Any, text: str | None) -> None:
    found = flaw(written, read)
    assert (found is None) if text is None else (text in str(found)), found


class Tree(Message):
    children: list[Tree] = msgspec.field(default_factory=list)


class Tall(Message):
    children: list[Tall] = msgspec.field(default_factory=list)
    height: int = 0


class Odd(Message):
    children: list[Odd] = msgspec.field(default_factory=list)
    height: str = ""


def test_a_class_inside_itself_is_compared_once() -> None:
    assert flaw(Tree, Tall) is None
    assert flaw(Tall, Tree) is None
    assert "Put.height is int" in str(flaw(Tall, Odd))


def travels(kind: type) -> bool:
    """It may be declared."""
    try:
        describe(Channel("c", messages=(kind,)))
    except TypeError:
        return False
    return True


KINDS = st.recursive(
    st.sampled_from(
        [int, float, str, bytes, bool, date, Decimal, Colour, Red, Level, Mode, Reads, Item, More, Point, Pair]
    ),
    lambda inner: st.one_of(
        inner.map(lambda kind: list[kind]),  # type: ignore[valid-type]
        inner.map(lambda kind: tuple[kind, ...]),  # type: ignore[valid-type]
        inner.map(lambda kind: dict[str, kind]),  # type: ignore[valid-type]
        inner.map(lambda kind: set[kind]),  # type: ignore[valid-type]
        inner.map(lambda kind: dict[kind, int]),  # type: ignore[valid-type]
        inner.map(lambda kind: kind | None),
        st.tuples(inner, inner).map(lambda kinds: kinds[0] | kinds[1]),
        st.tuples(inner, inner).map(lambda kinds: tuple[kinds]),  # type: ignore[valid-type]
    ),
    max_leaves=4,
).filter(lambda kind: travels(of(value=kind)))
VALUES: dict[Any, Any] = {
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False),
    str: st.text(max_size=5),
    bytes: st.binary(max_size=5),
    bool: st.booleans(),
    date: st.dates(),
    Decimal: st.decimals(allow_nan=False),
    Item: st.builds(Item, number=st.integers(0, 9)),
    More: st.builds(More, number=st.integers(0, 9), tags=st.lists(st.text(max_size=3), max_size=2)),
    Point: st.builds(Point, st.integers(0, 9), st.integers(0, 9)),
    Pair: st.builds(Pair, st.integers(0, 9)),
    Mode: st.sampled_from([Mode(0), Mode.READ, Mode.READ | Mode.WRITE]),
}
for kind, strategy in VALUES.items():
    if kind in (Item, More, Point, Pair, Mode):
        st.register_type_strategy(kind, strategy)


def values(kind: Any) -> st.SearchStrategy[Any]:
    return VALUES[kind] if kind in VALUES else st.from_type(kind)


@given(st.data())
def test_any_value_is_read_where_its_type_is_said_to_fit(data: st.DataObject) -> None:
    written, read = data.draw(KINDS), data.draw(KINDS)
    one, other = of(value=written), of(value=read)
    if flaw(one, other) is None:
        value = one(value=data.draw(values(written)))
        if encoding_of(one).fits(value):
            encoding_of(other).decode(encoding_of(one).encode(value))
    assert flaw(one, one) is None


shapes = st.recursive(
    st.one_of(st.text(max_size=8), st.integers(-2, 5), st.none(), st.booleans(), st.sampled_from(sorted(WIDER))),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.builds(
            lambda word, rest: [word, *rest],
            st.sampled_from(["union", "list", "tuple", "dict", "enum", "literal", "flag", "set"]),
            st.lists(inner, max_size=3),
        )
    ),
    max_leaves=10,
)
fields = st.lists(st.builds(FieldShape, st.text(max_size=3), st.integers(0, 2), shapes), max_size=3).map(tuple)
definitions = st.builds(
    Definition,
    st.sampled_from(["map", "array", "tuple", "other"]),
    st.text(max_size=3),
    st.none(),
    st.booleans(),
    fields,
)
descriptions = st.builds(
    Description,
    st.just(1),
    st.lists(definitions, max_size=3).map(tuple),
    st.lists(st.builds(MessageShape, st.text(max_size=3), shapes, shapes), max_size=3).map(tuple),
)


@given(descriptions, descriptions, shapes, shapes)
def test_a_description_of_a_stranger_is_compared_whatever_stands_in_it(
    one: Description, other: Description, written: object, read: object
) -> None:
    Reading(one, other, "a", "b").flaw(written, read, "Put")


def test_a_description_that_takes_too_long_to_compare_is_said_to_differ() -> None:
    wide = ["union", *([["list", "int"]] * 1000)]
    found = Reading(Description(1, (), ()), Description(1, (), ()), "a", "b").flaw(
        ["union", *[["list", "str"]] * (MAX_STEPS // 500)], wide, "Put"
    )
    assert "too many words" in str(found) or "is list" in str(found)


def test_one_that_is_nested_without_an_end_is_said_to_differ() -> None:
    deep: object = "int"
    for _ in range(5000):
        deep = ["list", deep]
    empty = Description(1, (), ())
    assert "too deeply" in str(Reading(empty, empty, "a", "b").flaw(deep, deep, "Put"))


def test_the_page_says_what_is_read_as_what() -> None:
    table = PAGE.read_text(encoding="utf-8").split("| written as | read as |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.MULTILINE)
    said = {word.lower(): set(re.findall(r"`(\w+)`", read)) for word, read in rows}
    assert {word: set(read) for word, read in WIDER.items()} == {word: said[word] for word in WIDER}
