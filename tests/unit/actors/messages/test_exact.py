"""A value is exactly of its type, or the flaw says where it is not, and what it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

import pytest
from msgspec.inspect import type_info

from peerbus.actors.messages.exact import INTEGERS, flaw, is_plain, plain_flaw, spelled


@dataclass(frozen=True)
class Item:
    number: int
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Book(Item):
    title: str = ""


class Colour(Enum):
    RED = "red"


class Text(str):
    """Not exactly a str."""

    __slots__ = ()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (int, INTEGERS[0]),
        (int, INTEGERS[-1]),
        (float, 7),
        (bool, True),
        (str | None, None),
        (Literal["a", 1], 1),
        (Colour, Colour.RED),
        (Item, Item(1, ("a",))),
        (dict[str, list[Item]], {"a": [Item(1)]}),
        (tuple[int, str], (1, "a")),
        (datetime, datetime(2026, 1, 1, tzinfo=UTC)),
        (Any, [None, {"a": b"b"}]),
    ],
)
def test_an_exact_value_has_no_flaw(kind: Any, value: object) -> None:
    assert flaw(type_info(kind), value, "it") is None


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (int, True, "it holds bool, its type is int"),
        (int, 2**64, "it holds an int of more than 64 bits"),
        (float, 2**60 + 1, "which no float is equal to"),
        (str, Text("a"), "it holds Text, its type is str"),
        (str, "\ud800", "text that UTF-8 cannot carry"),
        (Literal["a", 1], True, "its type is Literal["),
        (Item, Book(1), "a subclass would arrive as Item, without what it adds"),
        (Item, Item(1, ("a", 2)), "it.tags[1] holds int, its type is str"),  # type: ignore[arg-type]  # the point
        (dict[str, list[int]], {"a": [1, "b"]}, "it['a'][1] holds str, its type is int"),
        (dict[str, int], {1: 1}, "the key 1 of it holds int, its type is str"),
        (tuple[int, str], (1,), "it holds tuple, its type is tuple[int, str]"),
        (list[int], (1,), "it holds tuple, its type is list[int]"),
        (Decimal, Decimal("sNaN"), "a signaling NaN"),
        (int | Item, Item("1"), "it.number holds str, its type is int"),  # type: ignore[arg-type]  # the point
        (Any, {(1, 2): 3}, "it has a key of type tuple"),
        (Any, Item(1), "it holds Item, and without a declared type only None, bool"),
    ],
)
def test_a_flaw_says_where_it_is_and_what_would_be_right(kind: Any, value: object, text: str) -> None:
    found = flaw(type_info(kind), value, "it")
    assert found is not None
    assert text in found


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "a", b"a", [], [1, [2]], {"a": {1: [None]}}])
def test_plain_values_need_no_type(value: object) -> None:
    assert is_plain(value)
    assert plain_flaw(value, "it") is None


@pytest.mark.parametrize("value", [(1,), {1}, Item(1), Text("a"), [Item(1)], {"a": (1,)}, {(1,): 1}])
def test_any_other_value_does(value: object) -> None:
    assert not is_plain(value)
    assert (plain_flaw(value, "it") or "").startswith("it")


@pytest.mark.parametrize(
    "kind", [int, str, float, bytes, list[int], set[str], tuple[int, ...], tuple[int, str], dict[str, list[int]]]
)
def test_a_type_is_spelled_as_one_writes_it(kind: Any) -> None:
    assert spelled(type_info(kind)) == (kind.__name__ if type(kind) is type else str(kind))


def test_a_field_that_is_not_set_is_named() -> None:
    assert flaw(type_info(Item), Item.__new__(Item), "it") == "it.number is not set"
