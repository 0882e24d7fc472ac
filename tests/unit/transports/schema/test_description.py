"""Descriptions as bytes: one form, bounded, and whatever a stranger writes is read or refused in words."""

from __future__ import annotations

import contextlib
import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.transports.schema.description import (
    DESCRIPTION_LIMIT,
    MAX_MESSAGES,
    SCHEMA_SIZE,
    Definition,
    Description,
    FieldShape,
    MessageShape,
    hash_of,
    read_description,
    spelled_shape,
    write_description,
)

SMALL = Description(
    1, (Definition("map", "Put", None, False, (FieldShape("key", 0, "int"),)),), (MessageShape("Put", 0, None),)
)


def test_it_is_read_as_it_was_written_and_is_plain_messagepack() -> None:
    data = write_description(SMALL)
    assert read_description(data) == SMALL
    assert msgspec.msgpack.decode(data) == [1, [["map", "Put", None, False, [["key", 0, "int"]]]], [["Put", 0, None]]]
    assert hash_of(data) == hashlib.sha256(data).digest()[:SCHEMA_SIZE]
    assert (SMALL.number_of("Put"), SMALL.number_of("Get")) == (1, None)


@pytest.mark.parametrize(("comes", "written"), [(None, []), ("once", ["once"]), ("items", ["items"])])
def test_how_an_answer_comes_is_written_where_it_is_said(comes: str | None, written: list[str]) -> None:
    one = Description(1, (), (MessageShape("Get", "int", "str", comes),))
    data = write_description(one)
    assert msgspec.msgpack.decode(data) == [1, [], [["Get", "int", "str", *written]]]
    assert read_description(data) == one


def test_items_of_later_versions_are_skipped() -> None:
    data = msgspec.msgpack.encode(
        [1, [["map", "Put", None, False, [["key", 0, "int", "later"]], 7]], [["Put", 0, None, None, {}]], "more"]
    )
    assert read_description(data) == SMALL


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "no description of version 1"),
        (b"\xc1", "no description"),
        (msgspec.msgpack.encode({}), "no description"),
        (msgspec.msgpack.encode([2, [], []]), "of version 2, this node reads 1"),
        (msgspec.msgpack.encode([1, [], [["Put"]]]), "no description"),
        (msgspec.msgpack.encode([1, [["map", "Put", None, False, [["key", 3, "int"]]]], []]), "no description"),
        (b"\x91" * 100_000, "no description"),
        (bytes(DESCRIPTION_LIMIT + 1), "262145 bytes"),
    ],
)
def test_what_is_none_is_refused_in_words(data: bytes, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        read_description(data)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        read_description(data)


def test_a_type_is_spelled_as_one_writes_it_and_never_at_length() -> None:
    for shape, text in (
        ("int", "int"),
        ("uuid", "UUID"),
        (0, "Put"),
        (["union", "int", "none"], "int | None"),
        (["vartuple", "int"], "tuple[int, ...]"),
        (["dict", "str", ["list", 0]], "dict[str, list[Put]]"),
        (["enum", "Colour", "red"], "Colour"),
        (["literal", 1, "a"], "Literal[1, 'a']"),
    ):
        assert spelled_shape(shape, SMALL) == text
    assert len(spelled_shape(["union", *["x" * 100] * 1000], SMALL)) < 250
    assert spelled_shape([7], SMALL) == "[7]"


def test_one_has_no_more_messages_than_a_channel_may_have() -> None:
    message = ["Put", "int", None]
    assert len(read_description(msgspec.msgpack.encode([1, [], [message] * MAX_MESSAGES])).messages) == MAX_MESSAGES
    with pytest.raises(ValueError, match=f"length <= {MAX_MESSAGES}"):
        read_description(msgspec.msgpack.encode([1, [], [message] * (MAX_MESSAGES + 1)]))
