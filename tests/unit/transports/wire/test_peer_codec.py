"""A channel that a peer declares otherwise: its numbers, what is refused with what words, and answers as they come."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from peerbus.actors import Channel, Message, MessageTypeError, Request, SchemaMismatch
from peerbus.transports.schema import describe
from peerbus.transports.wire.payload import ChannelCodec
from peerbus.transports.wire.peer_codec import codec_towards


class Got(Message):
    key: int
    owner: str = ""


class Put(Message):
    key: int


class Get(Message, Request[Got]):
    key: int


class Sweep(Message):
    key: int


class OtherGot(Message):
    key: int


class OtherGet(Message):
    key: int
    deep: bool = False


class OtherPut(Message):
    key: str


OtherGot.__name__, OtherGet.__name__, OtherPut.__name__ = "Got", "Get", "Put"
OWN = ChannelCodec(Channel("store", messages=(Put, Get, Sweep)))
THEIRS: Channel[Any] = Channel("store", messages=(OtherGot, OtherGet, OtherPut))


def towards(channel: Channel[Any]) -> ChannelCodec:
    described = describe(channel)
    return codec_towards(OWN, described.schema, described.description)


CODEC = towards(THEIRS)


def test_a_message_has_the_number_that_the_peer_has_given_it() -> None:
    assert CODEC.encode(Get(7), 100) == (2, msgspec.msgpack.encode({"key": 7}))
    assert CODEC.checks[2](Get(7))
    assert CODEC.schema == describe(THEIRS).schema


def test_what_the_peer_cannot_read_is_refused_with_the_field() -> None:
    with pytest.raises(SchemaMismatch, match=r"a Put cannot .*: Put.key is int at this node, str at the peer"):
        CODEC.encode(Put(1), 100)
    with pytest.raises(SchemaMismatch, match="a Sweep cannot be sent to the peer: the peer does not declare it"):
        CODEC.encode(Sweep(1), 100)
    with pytest.raises(MessageTypeError, match="carries no Got, it declares Put, Get, Sweep"):
        CODEC.encode(Got(1), 100)
    assert set(CODEC.refusals) == {"Put", "Sweep"}


def test_an_answer_is_read_as_what_is_named_here() -> None:
    assert CODEC.decode_reply(1, msgspec.msgpack.encode({"key": 7}), Get(7), None) == Got(7)
    with pytest.raises(MessageTypeError, match=r"Put.key is str at the peer, int at this node"):
        CODEC.decode_reply(3, msgspec.msgpack.encode({"key": "a"}), Get(7), None)
    assert CODEC.decode_reply(3, msgspec.msgpack.encode({"key": "a"}), Get(7), OtherPut) == OtherPut("a")


def test_what_is_asked_must_have_an_answer_that_can_be_read() -> None:
    class Odd(Message):
        key: int

    odd = msgspec.defstruct("Got", [("name", str)], bases=(Message,), frozen=True)
    Odd.__name__ = "Get"
    Odd.__answer__ = odd  # type: ignore[attr-defined]  # as a class statement of `Request` does it
    codec = towards(Channel("store", messages=(Odd, OtherPut)))
    assert (codec.numbers, codec.asked) == ({Get: 1}, {})
    assert "Got.key is required at this node" in str(codec.refusal_of(Get(1))) or "key" in str(codec.refusal_of(Get(1)))


def test_a_codec_of_equal_messages_has_one_table_for_tells_and_asks() -> None:
    assert OWN.asked is OWN.numbers
    assert CODEC.asked is CODEC.numbers
    assert OWN.refusals == {}
