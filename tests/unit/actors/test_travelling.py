"""Whatever is sent as whatever type arrives equal and of equal types, or is refused on both roads alike."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from kinds import KINDS as MESSAGES

from peerbus.actors import Channel, Message, MessageTooLarge, MessageTypeError
from peerbus.actors.engine.rehearsal import Rehearsed, rehearsed_message
from peerbus.actors.messages.encoding import encoding_of
from peerbus.transports.wire.payload import ChannelCodec

LIMIT = 1 << 20


@dataclass(frozen=True)
class Item:
    number: int
    name: str | None = None


@dataclass(frozen=True)
class Book(Item):
    price: float = 0.0


class Entry(msgspec.Struct, frozen=True):
    when: datetime
    of: tuple[Item, ...] = ()


class Leaf(Message):
    number: int
    of: tuple[Item, ...] = ()


class Branch(Leaf):
    leaves: list[Leaf] = msgspec.field(default_factory=list)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Word(StrEnum):
    YES = "yes"


class Point(NamedTuple):
    x: int
    y: float


ZONES = st.sampled_from([None, UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(seconds=-17))])
SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    type(None): st.none(),
    bool: st.booleans(),
    int: st.integers() | st.integers(-(2**64), 2**65),
    float: st.floats(),
    str: st.text() | st.text(alphabet=st.characters(categories=["Cs", "Ll"])),
    bytes: st.binary(),
    bytearray: st.binary().map(bytearray),
    date: st.dates(),
    datetime: st.datetimes(timezones=ZONES) | st.datetimes().map(lambda when: when.replace(fold=1)),
    time: st.times(timezones=ZONES),
    timedelta: st.timedeltas(),
    Decimal: st.decimals() | st.just(Decimal("sNaN")),
    UUID: st.uuids(),
    Colour: st.sampled_from(Colour),
    Word: st.sampled_from(Word),
    Item: st.builds(Item, st.integers(), st.none() | st.text()),
    Book: st.builds(Book, st.integers(), st.none(), st.floats() | st.integers()),
    Entry: st.builds(Entry, st.datetimes(timezones=ZONES), st.lists(st.builds(Item, st.integers())).map(tuple)),
    Leaf: st.builds(Leaf, st.integers(), st.lists(st.builds(Item, st.integers())).map(tuple)),
    Branch: st.builds(Branch, st.integers(), st.just(()), st.lists(st.builds(Leaf, st.integers()))),
    Point: st.builds(Point, st.integers(), st.floats()),
}
#: For types that are made at run time, of which a type checker knows nothing.
LIST: Any = list
TUPLE: Any = tuple
SET: Any = set
FROZENSET: Any = frozenset
DICT: Any = dict

#: Types with the values that they have, and values that they do not have beside them.
Kind = tuple[Any, st.SearchStrategy[Any]]


def hashable(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Those that a set may hold."""

    def has_hash(value: object) -> bool:
        try:
            hash(value)
        except (TypeError, ValueError):
            return False
        return True

    return values.filter(has_hash)


def larger(kinds: st.SearchStrategy[Kind]) -> st.SearchStrategy[Kind]:
    """Types that are made of these."""
    makers: list[Callable[[Kind], Kind]] = [
        lambda kind: (LIST[kind[0]], st.lists(kind[1], max_size=3)),
        lambda kind: (TUPLE[kind[0], ...], st.lists(kind[1], max_size=3).map(tuple)),
        lambda kind: (SET[kind[0]], st.lists(hashable(kind[1]), max_size=3).map(set)),
        lambda kind: (FROZENSET[kind[0]], st.lists(hashable(kind[1]), max_size=3).map(frozenset)),
        lambda kind: (DICT[str, kind[0]], st.dictionaries(st.text(), kind[1], max_size=3)),
        lambda kind: (kind[0] | None, st.none() | kind[1]),
    ]
    pairs = st.tuples(kinds, kinds).map(lambda two: (TUPLE[two[0][0], two[1][0]], st.tuples(two[0][1], two[1][1])))
    maps = st.tuples(kinds, kinds).map(
        lambda two: (DICT[two[0][0], two[1][0]], st.dictionaries(hashable(two[0][1]), two[1][1], max_size=3))
    )
    return st.tuples(st.sampled_from(makers), kinds).map(lambda both: both[0](both[1])) | pairs | maps


SIMPLE: st.SearchStrategy[Kind] = st.sampled_from(list(SCALARS.items()))
KINDS = st.recursive(SIMPLE, larger, max_leaves=4)


def same(found: Any, sent: Any) -> bool:
    """Equal, and of equal types all through; an int may have become the float that it stood for."""
    if type(sent) is int and type(found) is float:
        return bool(found == sent)
    if type(found) is not type(sent):
        return False
    if isinstance(sent, float | Decimal):
        return bool(found == sent) or (math.isnan(found) and math.isnan(sent))
    if isinstance(sent, datetime) and sent.tzinfo is not None:
        return bool(found == sent) and found.utcoffset() == timedelta(0)
    if isinstance(sent, list | tuple):
        return len(found) == len(sent) and all(map(same, found, sent))
    if isinstance(sent, dict):
        return len(found) == len(sent) and all(map(same, found, sent)) and all(map(same, found.values(), sent.values()))
    if isinstance(sent, set | frozenset):
        return len(found) == len(sent) and all(any(same(other, each) for other in found) for each in sent)
    if dataclasses.is_dataclass(sent):
        return all(same(getattr(found, each.name), getattr(sent, each.name)) for each in dataclasses.fields(sent))
    if isinstance(sent, msgspec.Struct):
        return all(same(getattr(found, name), getattr(sent, name)) for name in sent.__struct_fields__)
    return bool(found == sent)


@st.composite
def sent(draw: st.DrawFn) -> tuple[Any, Any]:
    """A type, and a value of it or of another one."""
    kind, values = draw(KINDS)
    if draw(st.integers(0, 3)) == 0:
        _, values = draw(KINDS)
    return kind, draw(values)


MANY = settings(
    max_examples=max(100, settings().max_examples),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.mark.parametrize("made", MESSAGES)
@MANY
@given(of=sent())
def test_a_field_arrives_as_it_was_or_is_refused_on_both_roads(made: str, of: tuple[Any, Any]) -> None:
    kind, value = of
    try:
        encoding_of(kind)
    except TypeError:
        assume(False)  # a union that cannot be told apart
    note = MESSAGES[made]("Note", [("field", kind)])
    channel: Channel[Any] = Channel("notes", messages=(note,))
    codec = ChannelCodec(channel)
    message: Any = note(value)
    here = rehearsed_message(channel, message)
    if here is not None:
        with pytest.raises(MessageTypeError, match=r"Note\.field") as there:
            codec.encode(message, LIMIT)
        assert str(here) == str(there.value)
        return
    number, payload = codec.encode(message, LIMIT)
    assert same(codec.decode(number, payload).field, value)  # type: ignore[attr-defined]  # it has one
    if not codec.checks[number](message):  # the quick look may be too careful, and never too careless
        assert encoding_of(note).why_not(message) is None


class Get(Message):
    number: int


@dataclass(frozen=True)
class Find:
    number: int


ASKS: Channel[Any] = Channel("asks", messages=(Get, Find, Leaf))
CODEC = ChannelCodec(ASKS)


@pytest.mark.parametrize("message", [Get(1), Find(1)], ids=["message", "dataclass"])
@MANY
@given(of=sent())
def test_an_answer_arrives_as_it_was_or_is_refused_on_both_roads(message: Get | Find, of: tuple[Any, Any]) -> None:
    kind, value = of
    try:
        encoding_of(kind)
    except TypeError:
        assume(False)
    asked = CODEC.numbers[type(message)]
    here = Rehearsed(ASKS, kind).misfit(message, value)
    try:
        found = CODEC.decode_reply(*CODEC.encode_reply(value, LIMIT, asked), message, kind)
    except (MessageTypeError, MessageTooLarge):
        assert here is not None
        return
    if here is None:
        assert same(found, value)
