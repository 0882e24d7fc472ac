"""Each side knows the reactors and roles of the other one while they come and go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

import msgspec
import pytest
from kept_writer import KeptWriter
from some_frames import copied
from virtual_time import in_virtual_time

from peerbus.actors import Bus, Channel, ProtocolError
from peerbus.transports.compression import CompressionPool
from peerbus.transports.connection.announcements import UPDATES_APART, Announcements
from peerbus.transports.connection.commands import CloseChannel, OfferRoles, OpenChannel
from peerbus.transports.connection.compressing import Compressing
from peerbus.transports.connection.descriptions import Descriptions
from peerbus.transports.connection.greeting import Greeted
from peerbus.transports.connection.halves import Halves
from peerbus.transports.receiving.receive_side import ReceiveSide
from peerbus.transports.sending.link import PeerLink
from peerbus.transports.streams import Stream
from peerbus.transports.wire.codecs import Codecs
from peerbus.transports.wire.frame_decoder import PLAIN, FrameDecoder
from peerbus.transports.wire.frames import FRAME_LIMIT, Close, Frame, Open, Update
from peerbus.transports.wire.hello import MAX_CHANNELS, NO_ASKS, NO_TELLS, REFUSALS, ChannelInfo, Hello
from peerbus.transports.wire.payload import ChannelCodec


@dataclass(frozen=True)
class Get:
    number: int


CHANNELS = {name: Channel(name, messages=(Get,)) for name in ("first", "second")}


def info(name: str) -> ChannelInfo:
    return ChannelCodec(CHANNELS[name]).info


def hello_of(node_id: str, *channels: str, features: tuple[str, ...] = ()) -> Hello:
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
        features=features,
    )


class Board:
    """The announcements of a node that runs `first` to a peer that runs nothing."""

    def __init__(self, bus: Bus, features: tuple[str, ...] = ()) -> None:
        own, codecs, writer = hello_of("a" * 64, "first"), Codecs(CHANNELS), KeptWriter()
        peer = hello_of("b" * 64, features=features)
        self.changes = 0
        self.link = PeerLink(bus, own, peer, codecs, writer)
        self.receive = ReceiveSide(bus, own, peer, codecs, self.link.outbox, writer)
        outbox = self.link.outbox
        descriptions = Descriptions(peer, codecs, self.link.lanes, self.receive.lanes, outbox, writer)
        compressing = Compressing(
            codecs, self.link.lanes, self.receive, outbox, writer, PLAIN, CompressionPool(), bus.loop.time
        )
        made = Halves(self.link, self.receive, PLAIN, compressing)
        greeted = Greeted(cast("Stream", None), own, peer, True, b"")
        self.announcements = Announcements(bus.name, codecs, greeted, made, descriptions, outbox, writer, self.changed)

    def changed(self) -> None:
        self.changes += 1

    def said(self) -> list[Frame]:
        data = b"".join(map(bytes, self.link.outbox.fill(0.0, 1 << 20)))
        return [*map(copied, FrameDecoder(FRAME_LIMIT).feed(data))]


@asynccontextmanager
async def board(features: tuple[str, ...] = ()) -> AsyncIterator[Board]:
    async with Bus("test") as bus:
        made = Board(bus, features)
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


@pytest.mark.parametrize("understood", [False, True])
@in_virtual_time
async def test_what_a_peer_may_not_do_is_told_once_with_all_that_changes_and_to_who_reads_it(understood: bool) -> None:
    async with board((REFUSALS,) if understood else ()) as here:
        say, (lane,) = here.announcements, here.receive.lanes
        say.judged()
        assert here.said() == [], "nothing is refused"
        lane.allow(tell=False, ask=True)
        say.judged()
        assert here.said() == ([Update((), b"", ((0, NO_TELLS),))] if understood else [])
        for ask in (True, False):
            lane.allow(tell=False, ask=ask)
            say.judged()
        say.offer(OfferRoles(("archive",), b"signed"))
        await asyncio.sleep(UPDATES_APART)
        refused = ((0, NO_TELLS | NO_ASKS),) if understood else ()
        assert here.said() == [Update(("archive",), b"signed", refused)], "together, a little later"
        await asyncio.sleep(1)
        say.judged()
        say.close(CloseChannel("first", "stopped"))
        say.judged()
        assert here.said() == [Close(0, "stopped")], "of what is gone nothing is said"


@in_virtual_time
async def test_a_reactor_that_starts_is_told_with_what_the_peer_may_not_do_there() -> None:
    async with board((REFUSALS,)) as here:
        say = here.announcements
        say.announced = lambda info, _: msgspec.structs.replace(info, refused=NO_ASKS)
        say.open(OpenChannel(info("second")))
        here.receive.lanes[1].allow(tell=True, ask=False)
        say.judged()
        (said,) = here.said()
        assert said == Open(1, msgspec.structs.replace(info("second"), refused=NO_ASKS))


async def test_what_the_peer_refuses_is_known_as_it_says_it_and_each_change_is_heard_of() -> None:
    async with board() as here:
        say, lanes = here.announcements, here.link.lanes
        say.opened(Open(0, msgspec.structs.replace(info("second"), refused=NO_TELLS)))
        lane = lanes.at(0)
        assert lane.rights.verbs == ("tell",)
        for refused, changes in ((3, 2), (3, 2), (0, 3)):
            say.updated(Update((), b"", ((0, refused),)))
            assert (lane.rights.refused, here.changes) == (refused, changes)
        with pytest.raises(ProtocolError, match="channel 7 of 1"):
            say.updated(Update((), b"", ((7, 1),)))
