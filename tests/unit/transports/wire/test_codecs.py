"""A node's codecs are made when they are needed, once."""

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from peerbus.actors import Channel, Message, MessageTypeError
from peerbus.transports.schema import Described, describe, hash_of
from peerbus.transports.wire import WrongHash
from peerbus.transports.wire.codecs import MAX_JUDGED, MOST_JUDGED, READ, READ_TIMES, Codecs


@dataclass(frozen=True)
class Get:
    number: int


def test_a_codec_is_made_once_also_for_a_channel_that_is_declared_later() -> None:
    channels: dict[str, Channel[Any]] = {}
    codecs = Codecs(channels)
    assert codecs.get("store") is codecs.make("store") is None
    channels["store"] = Channel("store", messages=(Get,))
    made = codecs.get("store")
    assert made is not None
    assert made.channel is channels["store"]
    assert codecs.make("store") is made


class Put(Message):
    key: int


def described(number: int) -> Described:
    """A `Put` with another field each time."""
    kind = msgspec.defstruct("Put", [("key", int), (f"more{number}", int)], bases=(Message,), frozen=True)
    return describe(Channel("store", messages=(kind,)))


def test_what_was_judged_is_kept_by_the_hash_and_not_without_end() -> None:
    codecs = Codecs({"store": Channel("store", messages=(Put,))})
    own = codecs.get("store")
    assert own is not None
    assert codecs.towards("store", own.schema) is own
    assert codecs.towards("other", bytes(16)) is codecs.judge("other", bytes(16), b"") is None
    first = described(0)
    assert codecs.towards("store", first.schema) is None
    made = codecs.judge("store", first.schema, first.data)
    assert made is not None
    assert made is not own
    for number in range(1, MAX_JUDGED):
        each = described(number)
        codecs.judge("store", each.schema, each.data)
    assert codecs.towards("store", first.schema) is made  # used last
    more = described(MAX_JUDGED)
    codecs.judge("store", more.schema, more.data)
    assert codecs.towards("store", first.schema) is made
    assert codecs.towards("store", described(1).schema) is None


def test_a_description_has_to_be_the_one_that_was_announced() -> None:
    codecs = Codecs({"store": Channel("store", messages=(Put,))})
    with pytest.raises(WrongHash, match=f"{bytes(16).hex()}"):
        codecs.judge("store", bytes(16), described(0).data)


def test_a_description_is_read_in_proportion_to_the_nodes_own() -> None:
    codecs = Codecs({"store": Channel("store", messages=(Put,))})
    own = codecs.get("store")
    assert own is not None
    data = msgspec.msgpack.encode([1, [], [["Put", ["union", *["int"] * READ], None]]])
    with pytest.raises(ValueError, match=f"at most {READ + READ_TIMES * len(own.described.data)} are read"):
        codecs.judge("store", hash_of(data), data)


def crowded(number: int) -> bytes:
    """A description of as many messages as may be, of which nobody here knows one."""
    return msgspec.msgpack.encode([1, [], [[f"{number:x}.{each:x}", "int"] for each in range(1024)]])


def test_what_a_verdict_takes_is_said_as_it_is() -> None:
    codecs = Codecs({"store": Channel("store", messages=(Put,))})
    own = codecs.get("store")
    assert own is not None
    assert own.memory == 0  # it is this node's
    first = described(0)
    codecs.judge("store", first.schema, first.data)  # what is made once
    data = crowded(0)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        made = codecs.judge("store", hash_of(data), data)
        took = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert made is not None
    assert 0.8 * took < made.memory < 1.5 * took


def test_verdicts_of_many_words_push_out_others_before_they_take_much() -> None:
    codecs = Codecs({"store": Channel("store", messages=(Put,))})
    first, memory, kept = described(0), 0, []
    codecs.judge("store", first.schema, first.data)
    for number in range(40):
        data = crowded(number)
        made = codecs.judge("store", hash_of(data), data)
        assert made is not None
        assert codecs.judge("store", hash_of(data), data) is not made  # said twice, it counts once
        memory += made.memory
        kept.append(hash_of(data))
    assert memory > MOST_JUDGED
    assert codecs.towards("store", first.schema) is None
    found = [codec.memory for each in kept if (codec := codecs.towards("store", each)) is not None]
    assert MOST_JUDGED // 2 < sum(found) <= MOST_JUDGED


def test_what_cannot_be_read_makes_no_work_for_the_garbage_collector() -> None:
    # A thousand objects for each lane of a peer, which may have hundreds, made its full passes 25 ms long.
    codecs = Codecs({"store": Channel("store", messages=(Put,))})
    codecs.judge("store", hash_of(crowded(0)), crowded(0))
    data = crowded(1)
    gc.collect()
    before = len(gc.get_objects())
    made = codecs.judge("store", hash_of(data), data)
    gc.collect()
    assert made is not None
    assert len(gc.get_objects()) - before < 64
    with pytest.raises(MessageTypeError, match=r"it cannot be read here: .* does not know the message 1\.0"):
        made.decode(1, b"")
