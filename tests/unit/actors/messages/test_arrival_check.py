"""What is decoded can be encoded again: no peer hands an actor a value that makes its next send fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any, TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.msgpack import Ext, encode

from peerbus.actors.base import MessageTypeError
from peerbus.actors.messages import decode_plain, encode_answer, encoding_of


@dataclass(frozen=True)
class Note:
    what: Any = None
    inner: Note | None = None


class Order(msgspec.Struct, frozen=True):
    required: Any
    when: datetime | msgspec.UnsetType = msgspec.UNSET
    amounts: dict[str, tuple[Decimal, int]] = {}
    notes: list[Note] = []


class Tree(msgspec.Struct, frozen=True):
    children: tuple[Tree, ...] = ()


class Labels(TypedDict, total=False):
    any: Any


@dataclass(frozen=True)
class Lax:
    """Its defaults are no plain values; whoever leaves them out sends none."""

    number: int
    pair: Any = (1, 2)
    pairs: Any = field(default_factory=set)


KINDS: list[Any] = [
    *(Any, list, dict, list[Any], set[Any], frozenset[Any], tuple[Any, ...], tuple[Any, Any], dict[Any, Any]),
    *(dict[str, Any], dict[Any, int], list[Any] | None, dict[str, Any] | list[Any] | int, Any | datetime, Ext | Any),
    *(Note, Order, Labels, Tree, Tree | None, datetime, list[datetime], dict[datetime, int], datetime | int),
    *(Decimal, tuple[Decimal, Any], dict[tuple[int, datetime], Decimal], time, frozenset[tuple[Any, int]]),
]
ODD = [
    *(encode(each) for each in (None, 1, 2**64 - 1, 0.5, "a", b"x", Ext(5, b"x"), Ext(-2, b""), "sNaN", "-sNaN")),
    *(encode(each) for each in (datetime(2026, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00+14:00", "2026-01-01T00:00:00")),
    *(encode(each) for each in ("9999-12-31T23:59:59-14:00", "12:00:00+23:59", "NaN")),
    *(b"\xc7\x00\x05", b"\xd4\x05a", b"\xd6\xff\x00\x00\x00\x00", b"\xc7\x0c\xff" + bytes(12)),
]


def packed(inside: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """An array or a map of a few values, as a map of any keys, and of the names of fields."""
    names = st.sampled_from([encode(name) for name in ("what", "inner", "required", "when", "amounts", "notes", "any")])
    return (
        st.lists(inside, max_size=2).map(lambda many: bytes([0x90 + len(many)]) + b"".join(many))
        | st.tuples(inside, inside).map(lambda pair: b"\x81" + b"".join(pair))
        | st.lists(st.tuples(names, inside), max_size=2).map(
            lambda many: bytes([0x80 + len(many)]) + b"".join(key + value for key, value in many)
        )
    )


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(payload=st.recursive(st.sampled_from(ODD), packed, max_leaves=6))
def test_what_is_decoded_is_encoded_again(kind: Any, payload: bytes) -> None:
    encoding = encoding_of(kind)
    try:
        value = encoding.decode(payload)
    except MessageTypeError:
        return
    again = encoding.encode(value)
    assert encoding.encode(encoding.decode(again)) == again or "set" in encoding.name


@given(payload=st.recursive(st.sampled_from(ODD), packed, max_leaves=6))
def test_an_answer_of_no_declared_type_is_sent_on_as_it_is(payload: bytes) -> None:
    try:
        value = decode_plain(payload)
    except Exception:  # noqa: BLE001  # whatever it is, the codec makes a MessageTypeError of it
        return
    assert decode_plain(encode_answer(value, None, ())) == value or "nan" in repr(value)


def refused() -> Iterator[tuple[Any, bytes, str]]:
    """A type, bytes that are refused as one of it, and what is said."""
    stamp = encode(datetime(2026, 1, 1, tzinfo=UTC))
    yield Any, stamp, "Any holds datetime, and without a declared type only None"
    yield dict[str, list[Any]], b"\x81\xa1a\x91\xd4\x05x", r"\['a'\]\[0\] holds Ext"
    yield Any, b"\x81\x91\x01\x02", "has a key of type tuple"
    yield dict[Any, int], b"\x81" + stamp + b"\x01", "the key .* holds datetime"
    yield set[Any], b"\x91\x91\x01", r"set\[Any\]\[0\] holds tuple"
    yield Note, b"\x81\xa5inner\x81\xa4what" + stamp, "Note.inner.what holds datetime"
    yield datetime, encode("0001-01-01T00:00:00+14:00"), "no year in UTC"
    yield Order, encode({"required": 1, "amounts": {"a": ("sNaN", 1)}}), "signaling NaN"
    yield Labels | None, b"\x81\xa3any\xd4\x05x", "Labels"


@pytest.mark.parametrize(("kind", "payload", "text"), list(refused()), ids=str)
def test_what_could_not_be_sent_on_is_malformed_and_named(kind: Any, payload: bytes, text: str) -> None:
    with pytest.raises(MessageTypeError, match=f"malformed: it could not be sent on: .*{text}"):
        encoding_of(kind).decode(payload)


def test_what_is_nested_in_itself_beyond_what_can_be_sent_is_refused() -> None:
    for kind, deep in ((Tree, b"\x81\xa8children\x91" * 1500 + b"\x80"), (Any, b"\x91" * 1500 + b"\x90")):
        with pytest.raises(MessageTypeError, match="recursion"):
            encoding_of(kind).decode(deep)


def test_a_default_that_did_not_arrive_is_no_matter() -> None:
    assert encoding_of(Lax).decode(encode({"number": 1})) == Lax(1)


class Asked(msgspec.Struct, frozen=True):
    anything: Any | time | msgspec.UnsetType = msgspec.UNSET


@pytest.mark.parametrize(
    ("kind", "value"), [(Labels | int | None, 7), (Labels | int | None, None), (list[Labels | str], ["a"])]
)
def test_what_stands_in_place_of_a_typed_dict_is_not_taken_for_one(kind: Any, value: Any) -> None:
    encoding = encoding_of(kind)
    assert encoding.decode(encoding.encode(value)) == value


def test_a_field_of_anything_that_was_left_out_did_not_arrive() -> None:
    encoding = encoding_of(Asked)
    assert encoding.decode(encoding.encode(Asked())) == Asked()
