"""A channel is described by what travels of its messages, and the same ones have the same hash everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, make_dataclass
from enum import Enum
from typing import Annotated, Any, Literal, TypedDict

import msgspec
import pytest
from kinds import KINDS

from peerbus.actors import Channel, Message
from peerbus.transports.schema import describe
from peerbus.transports.schema.description import SCHEMA_SIZE


def schema_of(channel: Channel[Any]) -> bytes:
    return describe(channel).schema


def channel(*messages: type) -> Channel[object]:
    return Channel("c", messages)


def note(*fields: tuple[str, object]) -> type:
    return make_dataclass("Note", fields, frozen=True)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Tree:
    value: int
    children: list[Tree]


BASE = schema_of(channel(note(("a", int), ("b", bytes))))


def test_the_same_fields_have_the_same_hash_whatever_their_class_and_docstring() -> None:
    @dataclass(frozen=True)
    class Note:
        """Another class of the same name."""

        a: int
        b: bytes

    assert schema_of(channel(Note)) == BASE
    for made in KINDS.values():
        assert schema_of(channel(made("Note", [("a", int), ("b", bytes)]))) == BASE
    assert len(BASE) == SCHEMA_SIZE


@pytest.mark.parametrize(
    "make",
    [
        lambda: (note(("a", int), ("c", bytes)),),
        lambda: (note(("a", str), ("b", bytes)),),
        lambda: (note(("b", bytes), ("a", int)),),
        lambda: (note(("a", int)),),
        lambda: (note(("a", int | None), ("b", bytes)),),
        lambda: (note(("a", list[int]), ("b", bytes)),),
        lambda: (note(("a", Colour), ("b", bytes)),),
        lambda: (note(("a", Literal[1, 2]), ("b", bytes)),),
        lambda: (note(("a", Any), ("b", bytes)),),
        lambda: (note(("a", tuple[int, str]), ("b", bytes)),),
        lambda: (note(("a", dict[str, int]), ("b", bytes)),),
        lambda: (note(("a", int), ("b", bytes)), Tree),
        lambda: (make_dataclass("Nota", [("a", int), ("b", bytes)], frozen=True),),
    ],
)
def test_another_name_type_or_order_of_fields_has_another_hash(make: Callable[[], tuple[type, ...]]) -> None:
    assert schema_of(channel(*make())) != BASE


@pytest.mark.parametrize("options", [{"array_like": True}, {"tag": "note"}, {"tag": "other"}, {"rename": "upper"}])
def test_another_form_of_the_same_fields_has_another_hash(options: dict[str, Any]) -> None:
    def of(**options: Any) -> bytes:
        fields = [("a", int), ("b", bytes)]
        return schema_of(channel(msgspec.defstruct("Note", fields, bases=(Message,), frozen=True, **options)))

    assert of() == BASE
    assert of(**options) not in (BASE, of(tag="third"))
    assert of(**options) == of(**options)


def test_a_field_that_may_be_missing_is_not_the_same_as_one_that_may_not() -> None:
    @dataclass(frozen=True)
    class Note:
        a: int
        b: bytes = b""

    assert schema_of(channel(Note)) != BASE


class Partial(TypedDict, total=False):
    depth: int


#: The same name, as two nodes may mean it differently.
class Full(TypedDict):
    depth: int


Full.__name__ = "Partial"


class Pair(msgspec.Struct, frozen=True, array_like=True):
    left: int


class Other(msgspec.Struct, frozen=True):
    left: int


class Tagged(msgspec.Struct, frozen=True, tag="other"):
    left: int


Pair.__name__ = Tagged.__name__ = "Other"


class Size(Enum):
    ONE = 1


class Written(Enum):
    ONE = "1"


Written.__name__ = "Size"


@pytest.mark.parametrize(
    "kinds",
    [
        (list[int], set[int], frozenset[int], tuple[int, ...], tuple[int]),
        (Partial, Full),
        (Pair, Other, Tagged),
        (Size, Written),
        (bytes, bytearray, memoryview),
    ],
)
def test_what_would_arrive_as_another_type_has_another_hash(kinds: tuple[object, ...]) -> None:
    hashes = {schema_of(channel(note(("a", kind)))) for kind in kinds}
    assert len(hashes) == len(kinds)


def test_the_order_of_the_message_types_counts() -> None:
    one, two = note(("a", int)), Tree
    assert schema_of(channel(one, two)) != schema_of(channel(two, one))


def test_bounds_of_a_field_are_the_receivers_own_business() -> None:
    bounded = note(("a", Annotated[int, msgspec.Meta(ge=0)]), ("b", bytes))
    assert schema_of(channel(bounded)) == BASE


def test_a_recursive_message_has_a_hash() -> None:
    assert schema_of(channel(Tree)) == schema_of(channel(Tree))


def test_the_hash_is_the_same_in_every_process() -> None:
    program = (
        "from dataclasses import make_dataclass\n"
        "from peerbus.actors import Channel\n"
        "from peerbus.transports.schema import describe\n"
        "note = make_dataclass('Note', [('a', int), ('b', bytes)], frozen=True)\n"
        "print(describe(Channel('x', (note,))).schema.hex())\n"
    )
    for seed in ("1", "2"):
        result = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        assert result.stdout.strip() == BASE.hex()


@pytest.mark.parametrize("kind", [object, complex, list[complex], dict[str, object], Callable[[], None]])
def test_a_field_that_cannot_travel_is_named_with_its_channel_and_message(kind: object) -> None:
    with pytest.raises(TypeError, match=r"channel 'c': Note cannot travel: .*") as caught:
        schema_of(channel(note(("fine", int), ("odd", kind))))
    assert "odd" in str(caught.value)


def test_a_field_that_might_be_one_of_two_dataclasses_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="channel 'c': Note cannot travel"):
        schema_of(channel(note(("either", Tree | note(("a", int))))))
