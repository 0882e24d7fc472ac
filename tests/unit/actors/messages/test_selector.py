"""Conditions on attributes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import Condition, Where


@pytest.mark.parametrize(
    ("text", "holds", "does_not"),
    [
        ("region=eu", ["eu"], ["us", "", "EU", None]),
        ("region!=eu", ["us", "", None], ["eu"]),
        ("region", ["eu", ""], [None]),
        ("region=", [""], ["eu", None]),
        ("region<=500", ["500", "-1", "499.5"], ["501", "500.1", "many", "", "nan", "1e2", None]),
        ("region>=500", ["500", "1000"], ["499", None]),
        ("region<9", ["8", "08"], ["10", "9"]),
        ("region>-1.5", ["-1", "0"], ["-1.5", "-2"]),
    ],
)
def test_a_condition_holds_for_some_values(text: str, holds: list[str | None], does_not: list[str | None]) -> None:
    where = Where.parse(text)
    for values, expected in ((holds, True), (does_not, False)):
        for value in values:
            attributes = {"other": "1"} if value is None else {"region": value}
            assert where.holds(attributes) is expected, value


def test_all_conditions_must_hold() -> None:
    where = Where.parse("from<=500,region=eu")
    assert where.holds({"from": "1", "region": "eu", "tls": ""})
    assert not where.holds({"from": "1", "region": "us"})
    assert not where.holds({"region": "eu"})


def test_numbers_of_any_length_are_compared_exactly() -> None:
    assert Where.parse("height>9007199254740992").holds({"height": "9007199254740993"})


def test_the_order_in_which_conditions_are_written_does_not_matter() -> None:
    assert Where.parse("b=2,a=1,b=2") == Where.of({"a": "1", "b": "2"}) == Where.parse("a=1,b=2")
    assert str(Where.parse("b=2,a=1")) == "a=1,b=2"


@given(st.text())
def test_any_text_is_read_back_or_a_value_error(text: str) -> None:
    try:
        where = Where.parse(text)
    except ValueError:
        return
    assert Where.parse(str(where)) == where


@pytest.mark.parametrize(
    "condition",
    [("A", "=", "1"), ("a", "~", "1"), ("a", "<", "x"), ("a", "=", "b,c"), ("a", "", "1"), ("a", "=", "\n")],
)
def test_what_is_malformed_is_refused(condition: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="not a condition"):
        Condition(*condition)
