"""Each side knows the reactors and roles of the other one while they come and go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from kept_writer import KeptWriter
from some_frames import copied

from peerbus.actors import Bus, Channel, ProtocolError
from peerbus.transports.compression import CompressionPool
from peerbus.transports.connection.announcements import Announcements
from peerbus.transports.connection.commands import CloseChannel, OfferRoles, OpenChannel
from peerbus.transports.connection.compressing import Compressing
from peerbus.transports.connection.descriptions import Descriptions
from peerbus.transports.connection.link import PeerLink
from peerbus.transports.connection.receive_side import ReceiveSide
from peerbus.transports.wire.codecs import Codecs
from peerbus.transports.wire.frame_decoder import PLAIN, FrameDecoder
from peerbus.transports.wire.frames import FRAME_LIMIT, Close, Frame, Open, Update
from peerbus.transports.wire.hello import MAX_CHANNELS, ChannelInfo, Hello
from peerbus.transports.wire.payload import ChannelCodec


@dataclass(frozen=True)
class Get:
    number: int


CHANNELS = {name: Channel(name, messages=(Get,)) for name in ("first", "second")}


def info(name: str) -> ChannelInfo:
    return ChannelCodec(CHANNELS[name]).info


def hello_of(node_id: str, *channels: str) -> Hello:
    return Hello(
        node_id=node_id,
        network="test",
        name="node",
        incarnation=1,
        listen=(),
        offers=(),
        channels=tuple(map(info, channels)),
        agent="test",
        nonce=bytes(16),
    )


class Board:
    """The announcements of a node that runs `first` to a peer that runs nothing."""

    def __init__(self, bus: Bus) -> None:
        own, peer, codecs, writer = hello_of("a" * 64, "first"), hello_of("b" * 64), Codecs(CHANNELS), KeptWriter()
        self.changes = 0
        self.link = PeerLink(bus, own, peer, codecs, writer)
        self.receive = ReceiveSide(bus, own, peer, codecs, self.link.outbox, writer)
        outbox = self.link.outbox
        descriptions = Descriptions(peer, codecs, self.link.lanes, self.receive.lanes, outbox, writer)
        compressing = Compressing(
            codecs, self.link.lanes, self.receive, outbox, writer, PLAIN, CompressionPool(), bus.loop.time
        )
        self.announcements = Announcements(
            bus.name, codecs, self.link, self.receive, descriptions, compressing, outbox, writer, self.changed
        )

    def changed(self) -> None:
        self.changes += 1

    def said(self) -> list[Frame]:
        data = b"".join(map(bytes, self.link.outbox.fill(0.0, 1 << 20)))
        return [*map(copied, FrameDecoder(FRAME_LIMIT).feed(data))]


@asynccontextmanager
async def board() -> AsyncIterator[Board]:
    async with Bus("test") as bus:
        made = Board(bus)
        yield made
        made.link.lost("over")
        made.receive.end()


async def test_a_reactor_that_starts_and_stops_is_told_with_its_number() -> None:
    async with board() as here:
        here.announcements.open(OpenChannel(info("second")))
        here.announcements.close(CloseChannel("second", "stopped"))
        assert here.said() == [Open(1, info("second")), Close(1, "stopped")]


async def test_one_that_the_peer_knows_is_not_told_again_and_of_one_it_never_knew_no_end() -> None:
    async with board() as here:
        here.announcements.open(OpenChannel(info("first")))
        here.announcements.close(CloseChannel("second", "stopped"))
        assert here.said() == []


async def test_a_reactor_for_which_no_number_is_left_is_not_told() -> None:
    async with board() as here:
        for _ in range(MAX_CHANNELS - 1):
            here.announcements.open(OpenChannel(info("second")))
            here.announcements.close(CloseChannel("second", "stopped"))
        here.said()
        here.announcements.open(OpenChannel(info("second")))
        assert here.said() == []


async def test_one_that_sends_before_it_has_started_is_told_first() -> None:
    async with board() as here:
        here.link.origins.announce("second")
        here.link.origins.announce("nobody")
        assert here.said() == [Open(1, info("second"))]


async def test_roles_and_the_record_are_told_together() -> None:
    async with board() as here:
        here.announcements.offer(OfferRoles(("archive",), b"signed"))
        assert here.said() == [Update(("archive",), b"signed")]


async def test_what_the_peer_says_is_known_and_the_owner_hears_of_each_change() -> None:
    async with board() as here:
        here.announcements.opened(Open(0, info("second")))
        assert here.link.has("second")
        here.announcements.updated(Update(("archive{from=7}",), b"signed"))
        assert list(here.link.roles) == ["archive"]
        here.announcements.closed(Close(0, "stopped"))
        assert not here.link.has("second")
        assert here.changes == 3


async def test_a_peer_that_skips_a_number_breaks_the_protocol() -> None:
    async with board() as here:
        with pytest.raises(ProtocolError, match="opened channel 1, the next one is 0"):
            here.announcements.opened(Open(1, info("second")))
        assert here.changes == 0
