"""The compiled check says yes to nothing that has a flaw; what it says no to, the slow one looks at again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.inspect import type_info

from peerbus.actors.messages.compiled_check import compiled
from peerbus.actors.messages.exact import INTEGERS, flaw, is_plain


@dataclass(frozen=True)
class Item:
    number: int
    price: float = 0.0
    of: tuple[Item, ...] = ()


class Odd(msgspec.Struct):
    when: datetime | None = None
    more: Any = None


ITEM = compiled(type_info(Item))
KINDS: list[Any] = [int, float, str, bytes, bool, None, int | None, list[int], dict[str, float], tuple[int, str], Any]
#: What the encoder finds by itself is no business of the compiled check.
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(INTEGERS[0], INTEGERS[-1])
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"))
    | st.binary(),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.text(max_size=2), inside, max_size=3)
        | st.tuples(inside, inside)
        | st.frozensets(st.integers(), max_size=2)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(value=PLAIN)
def test_what_it_says_yes_to_has_no_flaw(kind: Any, value: object) -> None:
    if compiled(type_info(kind))(value):
        found = flaw(type_info(kind), value, "it")
        assert found is None or "64 bits" in found


@given(value=PLAIN)
def test_of_anything_it_takes_just_the_plain_values(value: object) -> None:
    assert compiled(type_info(Any))(value) is is_plain(value)


def test_fields_are_looked_at_through_all_levels() -> None:
    assert ITEM(Item(1, 2.5, (Item(2, 3),)))
    assert not ITEM(Item(True))
    assert not ITEM(Item(1, 2.5, (Item("2"),)))  # type: ignore[arg-type]  # the point
    assert not ITEM(Item(1, 2.5, [Item(2)]))  # type: ignore[arg-type]  # the point


def test_times_with_a_zone_that_may_be_lost_are_left_to_the_slow_one() -> None:
    check = compiled(type_info(Odd))
    assert check(Odd(datetime(2026, 1, 1, tzinfo=UTC)))
    assert check(Odd(None, [1]))
    assert not check(Odd(datetime(2026, 10, 25, 2, 30, fold=1)))  # noqa: DTZ001  # the point


def test_a_field_may_be_called_as_python_calls_something_itself() -> None:
    made = msgspec.defstruct("Made", [("class", int), ("v", str)])
    check = compiled(type_info(made))
    assert check(made(1, "a"))
    assert not check(made("1", "a"))
