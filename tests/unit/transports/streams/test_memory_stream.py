"""A stream in memory: bytes travel as parcels, of which no more are on their way than the other side has room for."""

from __future__ import annotations

from collections import deque

import pytest

from peerbus.actors.base.errors import StreamBroken, StreamClosed
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.memory_stream import MemoryStream, Parcel, Wire

ALICE, BOB = (Endpoint("memory", path=name, peer_id=name[0] * 64) for name in ("alice", "bob"))


class Bag(Wire):
    """A wire whose parcels arrive, or are lost, when the test says so."""

    def __init__(self, source: str, target: str) -> None:
        super().__init__(source, target)
        self.parcels: deque[Parcel] = deque()

    def carry(self, parcel: Parcel) -> None:
        self.parcels.append(parcel)

    def deliver(self) -> int:
        """All that is on its way, and what follows from that; returns how many."""
        count = 0
        while self.parcels:
            self.parcels.popleft().deliver()
            count += 1
        return count


def pair() -> tuple[MemoryStream, MemoryStream, Bag, Bag]:
    way, back = Bag("a" * 64, "b" * 64), Bag("b" * 64, "a" * 64)
    return (*MemoryStream.pair(ALICE, BOB, way, back), way, back)


async def test_bytes_arrive_when_their_parcel_does() -> None:
    one, other, way, _ = pair()
    one.write(b"hello")
    one.writelines([b" ", b"there"])
    assert way.deliver()
    got = await other.read()
    while len(got) < 11 and way.deliver():
        got += await other.read()
    assert got == b"hello there"
    assert (one.peer_id, other.peer_id) == (BOB.peer_id, ALICE.peer_id)


async def test_no_more_is_on_its_way_than_was_read() -> None:
    one, other, way, back = pair()
    one.write(bytes(10 << 20))
    assert not one.writable
    left = 10 << 20
    while left:
        way.deliver()
        left -= len(await other.read())
        back.deliver()  # says that it was read
    assert one.writable


async def test_the_end_travels_behind_the_bytes_and_ends_writing_there() -> None:
    one, other, way, _ = pair()
    one.write(b"last")
    await one.aclose()
    assert one.open  # as the other end is not told yet
    way.deliver()
    assert [await other.read(), await other.read()] == [b"last", b""]
    with pytest.raises(StreamBroken):
        other.write(b"x")
    with pytest.raises(StreamClosed):
        one.write(b"x")


async def test_a_stream_that_breaks_off_fails_at_both_ends() -> None:
    one, other, way, back = pair()
    one.break_off()
    way.deliver()
    back.deliver()
    for stream in (one, other):
        with pytest.raises(StreamBroken):
            stream.write(b"x")
    assert one.other is other
