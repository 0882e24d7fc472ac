"""Descriptions of channels: what a stranger writes is read or refused, and what is read is compared, whatever it is."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec

from fuzz.mutation import mutate_packed
from peerbus.actors.messages import Channel, Message, Request
from peerbus.transports.schema import Compatibility, compare, describe, read_description, troubles, write_description


class Item(Message):
    number: int
    tags: tuple[str, ...] = ()


class Add(Message, tag="add"):
    item: Item
    after: Item | None = None


class Drop(Message, tag="drop", forbid_unknown_fields=True):
    numbers: list[int]


class Change(Message, Request[list[Item] | None]):
    steps: dict[str, Add | Drop]
    by: str = ""


OWN = describe(Channel("items", messages=(Change, Item))).description


def check(data: bytes) -> None:
    """Bytes as DESCRIPTION carries them."""
    try:
        found = read_description(data)
    except ValueError:
        return
    for one, other in ((OWN, found), (found, OWN), (found, found)):
        verdict = compare(one, other)
        check_texts(verdict)
        assert len(verdict.names) == len(other.messages)
    sent = compare(OWN, found)
    assert not sent.numbers.keys() & sent.refused.keys()
    troubles(OWN, found)
    again = write_description(found)
    assert write_description(read_description(again)) == again  # not the values: a NaN is none


def check_texts(verdict: Compatibility) -> None:
    """What can be sent has a number that is there; what cannot has a short text."""
    assert all(0 < number <= len(verdict.names) for number in verdict.numbers.values())
    assert all(0 < len(text) <= 601 for text in (*verdict.refused.values(), *verdict.unread.values()))
    assert len(verdict.reads) == len(verdict.names)


def seeds() -> Iterator[tuple[str, bytes]]:
    """Descriptions of two channels, and one with what nobody knows."""
    yield "own", write_description(OWN)
    yield "small", write_description(describe(Channel("one", messages=(Item,))).description)
    strange = [1, [["map", "Item", None, False, [["number", 0, ["later", "int"]]]]], [["Item", 0, None]], "more"]
    yield "strange", msgspec.msgpack.encode(strange)


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Another value of the same kind in some place."""
    return mutate_packed(data, random.Random(seed))
