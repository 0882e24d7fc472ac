"""A message in a frame: an array of three, whether or not its module is compiled."""

from __future__ import annotations

import msgspec

from peerbus.transports.lanes.item import Item


def test_it_travels_as_an_array_of_its_number_its_source_and_its_bytes() -> None:
    encoded = msgspec.msgpack.encode(Item(2, 7, b"abc"))
    assert msgspec.msgpack.decode(encoded) == [2, 7, b"abc"]
