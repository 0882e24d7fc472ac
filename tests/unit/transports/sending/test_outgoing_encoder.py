"""A message to a peer's reactor as bytes, or the error that says why it cannot travel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from link_lines import CHANNELS, Get, hello_of

from peerbus.actors import (
    Channel,
    MessageTooLarge,
    MessageTypeError,
    NoRoute,
    NoSuchReactor,
    SchemaMismatch,
    SendError,
)
from peerbus.transports.sending.out_lanes import OutLanes
from peerbus.transports.sending.outgoing_encoder import OutgoingEncoder
from peerbus.transports.wire.codecs import Codecs
from peerbus.transports.wire.payload import ChannelCodec


@dataclass(frozen=True)
class Odd:
    number: int


class Scene:
    """A peer with one channel as this node has it, one that differs, and one that this node does not know."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel[Any]] = dict(CHANNELS)
        codecs = Codecs(self.channels)
        self.lanes = OutLanes(codecs, "test", "b" * 64)
        first, second = hello_of("b" * 64).channels
        third = ChannelCodec(Channel("third", messages=(Get, Odd))).info
        for index, info in enumerate((first, msgspec.structs.replace(second, schema=bytes(16)), third)):
            self.lanes.open(index, info, lambda _: None, lambda: False, lambda: 0.0, lambda *_: None)
        self.encoder = OutgoingEncoder(codecs, self.lanes.by_name, "b" * 64)

    def fails(self, error: type[SendError], reactor: str, message: object, reply: Any = None) -> str:
        with pytest.raises(error) as raised:
            self.encoder.encoded(reactor, message, reply, None)
        return str(raised.value)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_message_travels_with_its_number_on_the_lane_of_its_reactor(scene: Scene) -> None:
    lane, number, payload = scene.encoder.encoded("first", Get(7), None, None)
    assert (lane, number) == (scene.lanes.at(0), 1)
    assert msgspec.msgpack.decode(payload) == {"number": 7, "padding": b""}


def test_what_cannot_travel_says_why(scene: Scene) -> None:
    assert "runs no reactor" in scene.fails(NoSuchReactor, "nobody", Get(1))
    assert "declares other messages" in scene.fails(SchemaMismatch, "second", Get(1))
    assert "run its reactor" in scene.fails(NoRoute, "third", Get(1))
    scene.fails(MessageTypeError, "first", Odd(1))
    scene.fails(MessageTypeError, "first", Get("seven"))  # type: ignore[arg-type]  # it is the sender's mistake
    scene.fails(MessageTypeError, "first", Get(1), reply=scene)
    scene.fails(MessageTooLarge, "first", Get(1, bytes(scene.lanes.at(0).largest)))


def test_a_channel_that_this_node_learns_later_is_looked_at_once(scene: Scene) -> None:
    scene.channels["third"] = Channel("third", messages=(Get, Odd))
    assert scene.encoder.encoded("third", Odd(1), None, None)[1] == 2
    other = Scene()
    other.channels["third"] = Channel("third", messages=(Odd,))
    for _ in range(2):
        assert "declares other messages" in other.fails(SchemaMismatch, "third", Odd(1))


def test_one_memo_encodes_a_message_once_for_all_peers(scene: Scene) -> None:
    memo: dict[object, object] = {}
    _, number, payload = scene.encoder.encoded("first", Get(1), None, memo)
    _, again, same = scene.encoder.encoded("first", Get(2), None, memo)  # as if it were the same message
    assert (again, same) == (number, payload)
    scene.lanes.at(0).largest = scene.lanes.at(0).unseen = 1
    with pytest.raises(MessageTooLarge, match="carries 1"):
        scene.encoder.encoded("first", Get(1), None, memo)
