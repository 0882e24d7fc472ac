"""The page about messages: each type that it says travels does, each that it says does not is refused."""

from __future__ import annotations

import math
import sys
from datetime import datetime, timedelta
from typing import Any

import pytest
from kinds import KINDS, Made
from messages_page import NAMES, TRAVELS, python, rows
from msgspec import inspect

from peerbus.actors import LOCAL, Bus, Channel, MessageTypeError, Reactor, handles
from peerbus.actors.messages.encoding import encoding_of
from peerbus.transports.schema import describe
from peerbus.transports.wire.payload import ChannelCodec

LIMIT = 1 << 20
#: What is made of fields, and may hold itself.
CLASSES = (inspect.DataclassType, inspect.StructType)


def kind_of(head: int) -> str:
    """The kind of MessagePack value that begins with this byte."""
    for kind, first, last in (
        *(("int", 0x00, 0x7F), ("map", 0x80, 0x8F), ("array", 0x90, 0x9F), ("str", 0xA0, 0xBF), ("nil", 0xC0, 0xC0)),
        *(("bool", 0xC2, 0xC3), ("bin", 0xC4, 0xC6), ("ext", 0xC7, 0xC9), ("float", 0xCA, 0xCB), ("int", 0xCC, 0xD3)),
        *(("ext", 0xD4, 0xD8), ("str", 0xD9, 0xDB), ("array", 0xDC, 0xDD), ("map", 0xDE, 0xDF), ("int", 0xE0, 0xFF)),
    ):
        if first <= head <= last:
            return kind
    raise AssertionError(f"{head:x} begins no value")


def assert_same(found: Any, value: Any, kind: Any) -> None:
    """It arrived as it was."""
    if kind is float:
        assert type(found) is float
        assert found == value or (math.isnan(found) and math.isnan(value))
    else:
        assert found == value
        assert type(found) is type(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        assert found.utcoffset() == timedelta(0)


def holding(kind: Any, made: Made) -> type:
    """A message with a field of that type."""
    return made("Note", [("before", int), ("field", kind)])


EACH = pytest.mark.parametrize("made", KINDS.values(), ids=KINDS)


@EACH
@pytest.mark.parametrize(("kind", "value", "wire"), TRAVELS)
def test_what_the_page_says_travels_arrives_as_it_was(kind: Any, value: Any, wire: list[str], made: Made) -> None:
    note = holding(kind, made)
    codec = ChannelCodec(Channel("notes", messages=(note,)))
    message = note(1, value)
    found = codec.decode(*codec.encode(message, LIMIT))
    assert_same(found.field, value, kind)  # type: ignore[attr-defined]  # it has one
    assert encoding_of(kind).fits(value)
    assert kind_of(encoding_of(kind).encode(value)[0]) in wire


@pytest.mark.parametrize(("kind", "value", "wire"), TRAVELS)
def test_what_the_page_says_travels_is_also_an_answer(kind: Any, value: Any, wire: list[str]) -> None:
    asked = holding(int, KINDS["message"])
    codec = ChannelCodec(Channel("notes", messages=(asked,)))
    message = asked(1, 2)
    found = codec.decode_reply(*codec.encode_reply(value, LIMIT, 1), message, kind)
    assert_same(found, value, kind)


@EACH
@pytest.mark.parametrize(("declared", "why"), rows("What does not travel", 2))
def test_what_the_page_says_does_not_travel_is_refused_where_the_channel_is_made(
    declared: str, why: str, made: Made
) -> None:
    [kind] = python(declared)
    with pytest.raises(TypeError, match="channel 'notes': Note cannot travel: field 'field'"):
        Channel("notes", messages=(holding(kind, made),))


@EACH
@pytest.mark.parametrize(("declared", "text", "why"), rows("What does not travel", 3))
async def test_a_value_that_the_page_says_is_refused_is_refused_here_and_there(
    declared: str, text: str, why: str, made: Made
) -> None:
    [kind], [value] = python(declared), python(text)
    note = holding(kind, made)

    class Notes(Reactor):
        channel: Channel[Any] = Channel("notes", messages=(note,))

        @handles(note)
        def take(self, message: Any) -> Any:
            raise AssertionError(f"{why}: {message}")

    errors = []
    with pytest.raises(MessageTypeError, match=r"Note\.field") as caught:
        ChannelCodec(Notes.channel).encode(note(1, value), LIMIT)
    errors.append(str(caught.value))
    async with Bus(reactors=[Notes]) as bus:
        with pytest.raises(MessageTypeError, match=r"Note\.field") as caught:
            await bus.tell(LOCAL / Notes, note(1, value))
    errors.append(str(caught.value))
    assert len({*errors}) == 1


def test_two_types_of_the_page_have_one_fingerprint_only_where_each_takes_what_the_other_one_does() -> None:
    values: dict[str, tuple[Any, list[Any]]] = {}
    for declared, text, _ in rows("What travels", 3):
        values.setdefault(declared, (python(declared)[0], []))[1].extend(python(text))
    alike: dict[bytes, list[tuple[Any, list[Any]]]] = {}
    for kind, them in values.values():
        alike.setdefault(describe(Channel("notes", messages=(holding(kind, KINDS["message"]),))).schema, []).append(
            (kind, them)
        )
    assert len(alike) > 30
    for group in alike.values():
        for kind, _ in group:
            assert all(encoding_of(kind).fits(value) for _, them in group for value in them), group


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the statement is newer")
def test_a_type_alias_travels() -> None:
    exec("type Ids = list[int]\ntype Maybe[T] = T | None\n", NAMES)  # noqa: S102  # no syntax of 3.11
    for kind, value in ((NAMES["Ids"], [1, 2]), (NAMES["Maybe"][int], None), (NAMES["Maybe"][int], 7)):
        note = holding(kind, KINDS["message"])
        message = note(1, value)
        assert encoding_of(note).fits(message)
        assert encoding_of(note).decode(encoding_of(note).encode(message)) == message


def test_the_tables_hold_what_msgspec_has() -> None:
    """Whoever finds a type that is missing here adds it to the page."""
    named = {name for name in inspect.__all__ if name.endswith("Type") and name not in ("Type", "CollectionType")}
    seen: set[str] = set()
    classes: set[type] = set()

    def look(info: Any) -> None:
        if isinstance(info, tuple):
            for each in info:
                look(each)
        elif isinstance(info, inspect.Type) and not (isinstance(info, CLASSES) and info.cls in classes):
            seen.add(type(info).__name__)
            if isinstance(info, CLASSES):
                classes.add(info.cls)
            for name in info.__struct_fields__:
                look(getattr(info, name))

    for declared, _, _ in rows("What travels", 3):
        look(encoding_of(python(declared)[0]).info)
    assert named - seen == {"FrozenDictType"}  # which is of Python 3.15
