"""A message that names its answer: what it names, whatever kind of class it is."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
import pytest

from peerbus.actors import Request
from peerbus.actors.messages.encoding import Unresolved
from peerbus.actors.messages.request import UNNAMED, answer_named

T = TypeVar("T")


@dataclass(frozen=True)
class Plain:
    height: int


@dataclass(frozen=True)
class GetBlock(Request["Block"]):  # which comes after it
    height: int


@dataclass(frozen=True, slots=True)
class GetMany(Request["list[Block | None]"]):
    heights: tuple[int, ...]


class GetCount(msgspec.Struct, Request[int], frozen=True):
    name: str


class Forget(Request[None], msgspec.Struct, frozen=True):
    height: int


@dataclass(frozen=True)
class Page(Request[dict[str, T]], Generic[T]):
    number: int


@dataclass(frozen=True)
class PageOfPairs(Page[tuple[T, int]], Generic[T]):
    pass


@dataclass(frozen=True)
class PageOfNames(PageOfPairs[str]):
    pass


@dataclass(frozen=True)
class GetAny(Request[T], Generic[T]):
    pass


@dataclass(frozen=True)
class GetBytes(GetAny[bytes]):
    pass


@dataclass(frozen=True)
class Sheet(Generic[T]):
    rows: list[T]


@dataclass(frozen=True)
class GetSheet(Request[Sheet]):  # type: ignore[type-arg]  # as who checks no types may write it
    number: int


@dataclass(frozen=True)
class GetSheetOf(Request[Sheet], Generic[T]):  # type: ignore[type-arg]  # the same
    number: int


@dataclass(frozen=True)
class GetSheetOfNames(GetSheetOf[str]):
    pass


@dataclass(frozen=True)
class GetBlockAgain(GetBlock):
    pass


@dataclass(frozen=True)
class Lost(Request["Nowhere"]):  # type: ignore[name-defined]  # that is the case
    pass


@dataclass(frozen=True)
class Block:
    height: int


@pytest.mark.parametrize(
    ("request_type", "named"),
    [
        (GetBlock, Block),
        (GetMany, list[Block | None]),
        (GetCount, int),
        (Forget, type(None)),
        (Page, UNNAMED),
        (PageOfPairs, UNNAMED),
        (PageOfNames, dict[str, tuple[str, int]]),
        (GetAny, UNNAMED),
        (GetBytes, bytes),
        (GetBlockAgain, Block),
        (Plain, UNNAMED),
    ],
)
def test_a_message_names_the_answer_of_its_request(request_type: type, named: Any) -> None:
    assert answer_named(request_type) == named


def test_an_answer_that_cannot_be_found_is_said_so() -> None:
    with pytest.raises(Unresolved, match=r"the answer of Lost is named .*Nowhere"):
        answer_named(Lost)


@pytest.mark.parametrize("message", [GetBlock(7), GetMany((1, 2)), GetCount("a"), Forget(1), PageOfNames(3)])
def test_a_request_stays_a_value(message: Any) -> None:
    assert copy.copy(message) == pickle.loads(pickle.dumps(message)) == message  # noqa: S301  # its own bytes
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=type(message)) == message
    assert hash(message) == hash(copy.copy(message))


def test_a_request_with_slots_has_no_dict() -> None:
    assert not hasattr(GetMany(()), "__dict__")
    assert not hasattr(GetCount("a"), "__dict__")


@pytest.mark.parametrize("request_type", [GetSheet, GetSheetOfNames])
def test_a_generic_class_may_be_named_as_it_stands(request_type: type) -> None:
    assert answer_named(request_type) is Sheet
