"""A connection has the halves of its node: plain ones where nobody traces, which read no traces at all."""

from __future__ import annotations

from typing import cast

from kept_writer import KeptWriter
from link_lines import CHANNELS, hello_of
from spans import Spans

from peerbus.actors import Bus
from peerbus.transports.connection.greeting import Greeted
from peerbus.transports.connection.halves import Halves, halves, takers_of
from peerbus.transports.connection.ruling import Ruling
from peerbus.transports.lanes import FrameWriter, WindowBudget
from peerbus.transports.receiving.receive_side import ReceiveSide
from peerbus.transports.receiving.traced_receive import TracedReceiveSide
from peerbus.transports.rules import PeerRules, Subject
from peerbus.transports.sending.link import PeerLink
from peerbus.transports.sending.traced_link import TracedLink
from peerbus.transports.streams import Stream
from peerbus.transports.wire import (
    PLAIN,
    TRACED_DECODERS,
    Ask,
    Codecs,
    Tell,
    TracedAsk,
    TracedTell,
    ZeroCopyAsk,
    ZeroCopyTell,
    ZeroCopyTracedAsk,
    ZeroCopyTracedTell,
)


def made(bus: Bus) -> Halves:
    own, peer = hello_of("a" * 64), hello_of("b" * 64)
    greeted = Greeted(stream=cast("Stream", None), own=own, peer=peer, dialed=True, leftover=b"")
    ruling = Ruling(PeerRules(), Subject(None), "node", peer.node_id)
    return halves(bus, greeted, Codecs(CHANNELS), cast("FrameWriter", KeptWriter()), WindowBudget().share(), ruling)


async def test_where_nobody_traces_they_are_the_plain_ones() -> None:
    async with Bus() as bus:
        found = made(bus)
        assert (type(found.link), type(found.receive), found.decoders) == (PeerLink, ReceiveSide, PLAIN)
        assert takers_of(found.receive).keys() == {Tell, Ask, ZeroCopyTell, ZeroCopyAsk}


async def test_on_a_traced_bus_they_are_the_traced_ones() -> None:
    async with Spans().on(Bus()) as bus:
        found = made(bus)
        assert (type(found.link), type(found.receive)) == (TracedLink, TracedReceiveSide)
        assert found.decoders is TRACED_DECODERS
        takers = {TracedTell, TracedAsk, ZeroCopyTracedTell, ZeroCopyTracedAsk}
        assert takers_of(found.receive).keys() == takers
