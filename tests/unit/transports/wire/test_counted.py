"""The lists, maps and objects of a message are counted as it is decoded, and Python's collector rests meanwhile."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import pytest

from peerbus.actors import Channel
from peerbus.transports.wire.counted import OF_CONTAINER, UNCOUNTED, Counted
from peerbus.transports.wire.payload import ChannelCodec


@dataclass(frozen=True)
class Lists:
    items: list[list[int]]


@dataclass(frozen=True)
class Flat:
    data: bytes


CODEC = ChannelCodec(Channel("lists", messages=(Lists, Flat)))


@pytest.mark.parametrize("number", [1000, 20_000, 60_000])
def test_what_a_message_is_made_of_is_counted(number: int) -> None:
    payload = msgspec.msgpack.encode(Lists([[] for _ in range(number)]))
    message = CODEC.decode(1, payload)
    weight = CODEC.weight(message, len(payload))
    # Python makes some lists of those that were freed before, and does not count them.
    assert (number - 100) * OF_CONTAINER <= weight <= (number + 50) * OF_CONTAINER + len(payload)


def test_what_is_short_or_cannot_grow_has_the_weight_of_its_type() -> None:
    short = Lists([[]] * 10)
    assert CODEC.weight(short, len(msgspec.msgpack.encode(short))) == 0
    large = Flat(bytes(100_000))
    assert CODEC.weight(CODEC.decode(2, msgspec.msgpack.encode(large)), 100_000) == 0
    numbers = Lists([[*range(10_000)]])
    payload = msgspec.msgpack.encode(numbers)
    assert CODEC.weight(CODEC.decode(1, payload), len(payload)) < len(payload) + 50 * OF_CONTAINER


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_rests_while_a_message_is_decoded_and_goes_on_whatever_comes_of_it(enabled: bool) -> None:
    seen: list[bool] = []

    def decode(payload: bytes | memoryview) -> object:
        seen.append(gc.isenabled())
        if payload[0]:
            raise ValueError("malformed")
        return payload

    counted: Callable[[bytes], object] = Counted(decode, lambda payload, most: None, 1 << 20)
    was = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        counted(bytes(UNCOUNTED + 1))
        with pytest.raises(ValueError, match="malformed"):
            counted(b"\1" * (UNCOUNTED + 1))
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if was else gc.disable)()
    assert seen == [False, False]
