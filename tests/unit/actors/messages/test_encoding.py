"""What travels, and the check of a value against its declared types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from peerbus.actors.base.errors import MessageTypeError
from peerbus.actors.messages.encoding import Unresolved, answer_of, check_travels, encoding_of


@dataclass(frozen=True)
class Item:
    number: int


@dataclass(frozen=True)
class Book(Item):
    title: str = ""


@dataclass(frozen=True)
class Order:
    item: Item
    tags: list[str]
    extra: Any = None


@dataclass(frozen=True)
class Wrong:
    fine: int
    either: list[Item | Order]


def test_an_exact_value_fits() -> None:
    assert encoding_of(Order).fits(Order(Item(1), ["a"], {"b": [None, 1.5]}))
    assert not encoding_of(Order).fits(Order(Book(1), []))


def test_an_encoding_is_made_once_for_each_type() -> None:
    assert encoding_of(list[Item]) is encoding_of(list[Item])
    assert encoding_of(list[Item]).decode(encoding_of(list[Item]).encode([Item(1)])) == [Item(1)]


@pytest.mark.parametrize(
    ("order", "text"),
    [
        (Order(Book(1), []), "Order.item holds Book, its type is Item; a subclass"),
        (Order(Item(1), ("a",)), r"Order.tags holds tuple, its type is list\[str\]"),  # type: ignore[arg-type]  # the mistake
        (Order(Item(1), [7]), r"Order.tags\[0\] holds int, its type is str"),  # type: ignore[list-item]  # the mistake
        (Order(Item("7"), []), "Order.item.number holds str, its type is int"),  # type: ignore[arg-type]  # the mistake
        (Order(Item(1 << 64), []), "Order.item.number holds an int of more than 64 bits"),
        (Order(Item(1), [], Item(1)), "Order.extra holds Item, and without a declared type only None, bool, int"),
        (Order(Item(1), [], [(1, 2)]), r"Order.extra\[0\] holds tuple"),
    ],
)
def test_a_value_that_is_not_exactly_of_its_type_names_the_part(order: Order, text: str) -> None:
    with pytest.raises(MessageTypeError, match=text) as caught:
        encoding_of(Order).encode(order)
    assert caught.value.message is order


def test_a_type_that_cannot_travel_names_the_field() -> None:
    with pytest.raises(TypeError, match=r"Wrong cannot travel: field 'either': .*more than one dataclass"):
        check_travels(Wrong, "Wrong")


def test_an_annotation_that_cannot_be_resolved_is_no_reason_to_refuse() -> None:
    @dataclass(frozen=True)
    class Inside:
        number: int

    @dataclass(frozen=True)
    class Holds:
        inside: Inside

    check_travels(Holds, "Holds")
    with pytest.raises(Unresolved, match="Inside"):
        encoding_of(Holds)


def test_an_answer_is_a_declared_message_or_one_other_type() -> None:
    answer = answer_of(Item | Order | int | None, (Item, Order))
    assert answer.declared == {Item, Order}
    assert answer.rest is not None
    assert all(map(answer.fits, (Item(1), Order(Item(1), []), 7, None)))
    assert not any(map(answer.fits, (Book(1), "text", Item("7"))))  # type: ignore[arg-type]  # the mistake
    assert answer.decode(answer.rest.encode(7)) == 7
    assert answer.why_not("text") == "the answer holds str, its type is int | None"


def test_an_answer_of_a_base_class_may_be_each_declared_message_of_it() -> None:
    answer = answer_of(Item, (Book,))
    assert answer.fits(Book(1))
    assert answer.rest is None
    assert answer_of(object, (Item,)).fits({"a": [1]})


def test_a_field_may_have_the_name_of_a_keyword() -> None:
    made = msgspec.defstruct("Made", [("class", int), ("inside", list[int])], frozen=True)
    outer = msgspec.defstruct("Outer", [("from", made)], frozen=True)
    encoding = encoding_of(outer)
    value = outer(made(1, [2]))
    assert encoding.decode(encoding.encode(value)) == value
    assert not encoding.fits(outer(made("1", [2])))
