"""What no value of would arrive is refused where it is declared, and what might is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, TypedDict

import msgspec
import pytest
from msgspec import Raw

from peerbus.actors import Message
from peerbus.actors.messages import encoding_of


class Frozen(Message):
    names: tuple[str, ...]


class Listed(Message):
    names: list[str]


@dataclass(frozen=True)
class ByItself:
    names: list[str]

    def __hash__(self) -> int:
        return len(self.names)


class Place(NamedTuple):
    names: list[str]


class Options(TypedDict):
    depth: Raw


def of(kind: Any) -> type:
    return msgspec.defstruct("Put", [("value", kind)], bases=(Message,), frozen=True)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Raw | None, "field 'value': Raw | None is read as one of the others only"),
        (Annotated[Raw, msgspec.Meta(title="body")] | int, "is read as one of the others only"),
        (Options, "the key 'depth' of Options is a Raw"),
        (set[list[int]], "set[list[int]] has list[int] as an item, which has no hash"),
        (frozenset[Listed], "has list[str] as an item"),
        (list[set[Place]], "has list[str] as an item"),
        (dict[tuple[int, bytearray], int], "has bytearray as a key"),
        (dict[str, set[set[int]]], "has set[int] as an item"),
        (set[tuple[dict[str, int], ...]], "has dict[str, int] as an item"),
        (set[Raw], "has Raw as an item"),
    ],
)
def test_it_is_refused_with_its_field(kind: Any, text: str) -> None:
    with pytest.raises(TypeError) as caught:
        encoding_of(of(kind))
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Any | None, {"a": [1]}),
        (Raw, Raw(b"\x01")),
        (set[frozenset[int]], {frozenset({1})}),
        (dict[Frozen, int], {Frozen(("a",)): 1}),
        (set[ByItself], {ByItself(["a"])}),
        (set[Any], {1, "a"}),
    ],
)
def test_what_may_arrive_does(kind: Any, value: Any) -> None:
    put = of(kind)
    encoding = encoding_of(put)
    arrived = encoding.decode(encoding.encode(put(value)))
    assert arrived == put(value) or kind is Raw  # one is equal to itself alone


def test_beside_any_other_types_say_nothing() -> None:
    put = of(Any | Frozen)
    assert encoding_of(put).fits(put([1]))
    assert not encoding_of(put).fits(put(Frozen(("a",))))  # it would arrive as a map
    assert encoding_of(put).why_not(put(Frozen(("a",)))) is not None
