"""What has changed between two descriptions, and what of it is not understood while both run."""

from __future__ import annotations

import msgspec

from peerbus.actors import Channel, Message, Stream
from peerbus.transports.schema import changes, describe, troubles
from peerbus.transports.schema.description import Description


class Put(Message):
    key: int


class Tagged(Message, tag="put", forbid_unknown_fields=True):
    key: int | None = None


Tagged.__name__ = "Put"


class Drop(Message):
    key: int


def of(*messages: type) -> Description:
    return describe(Channel("store", messages=messages)).description


def test_what_is_the_same_has_no_changes() -> None:
    assert changes(of(Put, Drop), of(Drop, Put)) == []
    assert troubles(of(Put, Drop), of(Drop, Put)) == []


def test_each_change_is_named() -> None:
    found = [*map(str, changes(of(Put, Drop), of(Tagged)))]
    assert found == [
        "- Drop: a message",
        "~ Put: a map, now a map with the tag type='put' without fields more",
        "~ Put.key: int, now int | None, with a default",
    ]


def test_what_is_not_understood_says_which_way() -> None:
    found = troubles(of(Put, Drop), of(Tagged))
    assert [(each.message, each.forward) for each in found] == [("Drop", True), ("Put", False)]
    assert "Put: is not sent to old nodes: Put.key is None at the new node" in str(found[1])


def test_an_answer_is_written_by_the_other_side() -> None:
    one, other = (msgspec.defstruct("Get", [("key", int)], bases=(Message,), frozen=True) for _ in range(2))
    one.__answer__, other.__answer__ = int, float  # type: ignore[attr-defined]  # as `Request` does it
    (found,) = troubles(of(one), of(other))
    assert (found.message, found.forward) == ("Get", False)
    assert "is not asked of new nodes" in found.text
    assert [*map(str, changes(of(one), of(other)))] == ["~ Get -> answer: int, now float"]


def test_an_answer_that_becomes_a_stream_is_not_understood_either_way() -> None:
    one, other = (msgspec.defstruct("Get", [("key", int)], bases=(Message,), frozen=True) for _ in range(2))
    one.__answer__, other.__answer__ = int, Stream[int]  # type: ignore[attr-defined]  # as `Request` does it
    found = troubles(of(one), of(other))
    assert [(each.message, each.forward) for each in found] == [("Get", False), ("Get", True)]
    assert (
        "is not asked of new nodes: the answer to Get comes in items at the new node, at once at the old node"
        in str(found[0])
    )
    assert [*map(str, changes(of(one), of(other)))] == ["~ Get -> answer: int, now Stream[int]"]
    released = msgspec.structs.replace(
        of(other), messages=tuple(msgspec.structs.replace(each, comes=None) for each in of(other).messages)
    )
    assert changes(released, of(other)) == [], "0.2.0 said nothing of streams"
    assert troubles(released, of(other)) == []
