"""Which values of an enumeration another type reads."""

from __future__ import annotations

from typing import Any

import pytest

from peerbus.transports.schema.enumerated import is_integer, not_read, of_integers, several_of


def test_a_type_that_is_no_union_is_one_of_one() -> None:
    assert list(several_of(["union", "int", "str"])) == ["int", "str"]
    assert list(several_of(["list", "int"])) == [["list", "int"]]
    assert list(several_of("int")) == ["int"]


@pytest.mark.parametrize(
    ("word", "read", "left"),
    [
        ("enum", "str", [1, 2, None]),
        ("enum", "int", ["a", None]),
        ("literal", "none", [1, 2, "a"]),
        ("enum", "any", []),
        ("enum", ["enum", "Other", 1, "a", None], [2]),
        ("literal", ["literal", 2, "a"], [1, None]),
        ("enum", ["flag", "Mode", 1, 2], ["a", None]),
        ("flag", ["flag", "Mode", 1], [2, "a", None]),
        ("enum", "bytes", [1, 2, "a", None]),
    ],
)
def test_what_is_not_read_is_left(word: str, read: Any, left: list[object]) -> None:
    assert list(not_read([1, 2, "a", None], word, read)) == left


def test_a_boolean_is_no_integer() -> None:
    assert is_integer(1)
    assert not is_integer(True)  # the value that is meant
    assert of_integers(["str", ["literal", "a", 2]])
    assert not of_integers(["int", ["enum", "Colour", "red"], ["literal", True]])
