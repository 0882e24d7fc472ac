"""Descriptions are asked for once, where hashes differ, of those that understand it; a lie ends the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from kept_writer import KeptWriter
from some_frames import copied
from virtual_time import in_virtual_time, outcome_of

from peerbus.actors import Bus, Channel, DeadlineExceeded, Message, PeerGone, ProtocolError, SchemaMismatch
from peerbus.actors.routing import Purpose
from peerbus.transports.connection.descriptions import Descriptions
from peerbus.transports.receiving.receive_side import ReceiveSide
from peerbus.transports.schema import describe, hash_of
from peerbus.transports.sending.link import PeerLink
from peerbus.transports.wire.codecs import Codecs
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frames import FRAME_LIMIT, Ask, Describe, DescriptionFrame, Frame, Tell
from peerbus.transports.wire.hello import SCHEMAS, Hello
from peerbus.transports.wire.payload import ChannelCodec


class Put(Message):
    key: int


class Wide(Message):
    key: float = 0.0


class Odd(Message):
    key: str


Wide.__name__ = Odd.__name__ = "Put"
NAMES = [f"store{number}" for number in range(20)]


def channels(kind: type, names: list[str]) -> dict[str, Channel[Any]]:
    return {name: Channel(name, messages=(kind,)) for name in names}


def hello_of(node_id: str, those: dict[str, Channel[Any]], *features: str) -> Hello:
    return Hello(
        node_id=node_id,
        network="test",
        name="node",
        incarnation=1,
        listen=(),
        offers=(),
        channels=tuple(ChannelCodec(channel).info for channel in those.values()),
        agent="test",
        nonce=bytes(16),
        features=features,
    )


class Talk:
    """The descriptions of a node that declares `Put`, beside a peer."""

    def __init__(self, bus: Bus, theirs: dict[str, Channel[Any]], *features: str, codecs: Codecs | None = None) -> None:
        own = channels(Put, NAMES)
        self.codecs = codecs or Codecs(own)
        mine, peer, writer = hello_of("a" * 64, own), hello_of("b" * 64, theirs, *features), KeptWriter()
        self.link = PeerLink(bus, mine, peer, self.codecs, writer)
        receive = ReceiveSide(bus, mine, peer, self.codecs, self.link.outbox, writer)
        self.bus = bus
        self.theirs = theirs
        self.arrived = 0
        self.descriptions = Descriptions(peer, self.codecs, self.link.lanes, receive.lanes, self.link.outbox, writer)
        self.descriptions.arrived = self._arrived

    def _arrived(self) -> None:
        self.arrived += 1

    def said(self) -> list[Frame]:
        data = b"".join(map(bytes, self.link.outbox.fill(0.0, 1 << 22)))
        return [*map(copied, FrameDecoder(FRAME_LIMIT).feed(data))]

    def answer(self, index: int) -> None:
        data = describe([*self.theirs.values()][index]).data
        self.descriptions.described(DescriptionFrame(index, data))


@asynccontextmanager
async def talk(kind: type, names: list[str], *features: str) -> AsyncIterator[Talk]:
    async with Bus("test") as bus:
        made = Talk(bus, channels(kind, names), *features)
        yield made
        made.descriptions.end()
        made.link.lost("over")


@in_virtual_time
async def test_where_hashes_are_equal_nothing_is_said() -> None:
    async with talk(Put, ["store1"], SCHEMAS) as made:
        made.descriptions.look()
        assert made.said() == []
        assert not made.descriptions.pending


@in_virtual_time
async def test_what_is_asked_for_is_kept_for_others() -> None:
    async with talk(Wide, ["store1", "unknown"], SCHEMAS) as made:
        assert made.link.takes("store1", Put, Purpose.ASK_AS) == 0
        made.descriptions.look()
        made.descriptions.look()
        assert made.said() == [Describe([0])]
        made.answer(0)
        assert made.arrived == 1
        assert not made.descriptions.pending
        assert made.link.takes("store1", Put, Purpose.ASK) > 0
        again = Talk(made.bus, made.theirs, SCHEMAS, codecs=made.codecs)
        again.descriptions.look()
        assert again.said() == []
        assert again.link.takes("store1", Put, Purpose.ASK) > 0
        again.link.lost("over")


@in_virtual_time
async def test_a_peer_that_does_not_understand_the_question_is_not_asked() -> None:
    async with talk(Wide, ["store1"]) as made:
        made.descriptions.look()
        assert made.said() == []
        assert not made.descriptions.pending
        assert made.link.takes("store1", Put, Purpose.ASK_AS) == 0


@in_virtual_time
async def test_no_more_than_sixteen_are_asked_for_at_a_time() -> None:
    async with talk(Wide, NAMES, SCHEMAS) as made:
        made.descriptions.look()
        assert made.said() == [Describe([*range(16)])]
        made.answer(3)
        assert made.said() == [Describe([16])]
        for index in (0, 1, 2, *range(4, 17)):
            made.answer(index)
        assert made.said() == [Describe([index]) for index in (17, 18, 19)]


@pytest.mark.parametrize("data", [b"\x93\x01\x90\x90", b"no description"])
@in_virtual_time
async def test_a_description_with_another_hash_ends_the_connection(data: bytes) -> None:
    async with talk(Wide, ["store1"], SCHEMAS) as made:
        made.descriptions.look()
        with pytest.raises(ProtocolError, match="announced"):
            made.descriptions.described(DescriptionFrame(0, data))


@in_virtual_time
async def test_one_that_was_not_asked_for_ends_it_too() -> None:
    async with talk(Wide, ["store1"], SCHEMAS) as made:
        with pytest.raises(ProtocolError, match="was not asked for"):
            made.answer(0)


@in_virtual_time
async def test_a_peer_that_does_not_say_is_sent_nothing_on_that_channel() -> None:
    async with talk(Wide, ["store1"], SCHEMAS) as made:
        made.descriptions.look()
        made.descriptions.described(DescriptionFrame(0, b""))
        assert made.link.lanes.by_name["store1"].refused == "it does not describe them"
        made.descriptions.look()
        assert made.said() == [Describe([0])]


@in_virtual_time
async def test_the_peer_is_told_what_it_asks_for_once() -> None:
    async with talk(Put, [], SCHEMAS) as made:
        made.descriptions.asked(Describe([1, 0]))
        data = [describe(Channel(name, messages=(Put,))).data for name in ("store1", "store0")]
        assert made.said() == [DescriptionFrame(1, data[0]), DescriptionFrame(0, data[1])]
        with pytest.raises(ProtocolError, match="described before"):
            made.descriptions.asked(Describe([1]))
        with pytest.raises(ProtocolError, match="unknown_channel"):
            made.descriptions.asked(Describe([20]))


@pytest.mark.parametrize("kind", [Wide, Odd])
@in_virtual_time
async def test_what_is_sent_before_it_has_come_waits_for_it_in_order(kind: type) -> None:
    async with talk(kind, ["store1"], SCHEMAS) as made:
        link = made.link
        assert not link.awaits("store1")
        made.descriptions.look()
        assert link.awaits("store1")
        deadline = made.bus.loop.time() + 9
        sent: list[Any] = [
            link.tell("store1", Put(1), None, None),
            link.ask("store1", Put(2), sender=None, deadline=deadline, reply=int),
            link.tell("store1", Put(3), None, None),
        ]
        ended = asyncio.gather(*map(outcome_of, sent))
        late = await outcome_of(link.tell("store1", Put(4), None, 0.5))
        assert isinstance(late, DeadlineExceeded)
        assert late.phase == "description"
        assert "yet to say what it declares on channel 'store1'" in str(late)
        assert link.lanes.by_name["store1"].waiting == 3
        assert link.lanes.overlooked() is None
        assert made.said() == [Describe([0])]
        made.answer(0)
        if kind is Odd:
            for error in await ended:
                assert isinstance(error, SchemaMismatch)
                assert error.never_sent
                assert isinstance(error.message, Put)
        else:
            assert [type(frame) for frame in made.said()] == [Tell, Ask, Tell]
            made.link.lost("over")
            assert isinstance((await ended)[1], PeerGone)


@in_virtual_time
async def test_one_that_cannot_be_read_keeps_messages_off_its_channel_only() -> None:
    async with Bus("test") as bus:
        data = msgspec.msgpack.encode([2, [], []])
        made = Talk(bus, channels(Odd, ["store1"]), SCHEMAS)
        lane = made.link.lanes.by_name["store1"]
        made.descriptions.look()
        lane.info = msgspec.structs.replace(lane.info, schema=hash_of(data))
        made.descriptions.described(DescriptionFrame(0, data))
        assert "of version 2" in lane.refused
        made.link.lost("over")
