"""What a node says of itself follows what it is: its reactors, its roles, where it listens."""

from __future__ import annotations

from dataclasses import dataclass

from virtual_time import in_virtual_time, log_of_the_loop

from peerbus.actors import Bus, Capability, Channel, Message, Reactor, handles
from peerbus.actors.base.clock import wall_clock
from peerbus.discovery.records.record import PeerRecord, read_record
from peerbus.discovery.records.self_description import Myself, SelfDescription
from peerbus.transports import Endpoint, Identity
from peerbus.transports.connection import CloseChannel, OfferRoles, OpenChannel
from peerbus.transports.wire import Codecs

ALICE = Identity.from_seed(b"a" * 32)
HERE, EVERYWHERE = Endpoint.parse("tcp://10.0.0.1:7400"), Endpoint.parse("tcp://0.0.0.0:7400")


class Get(Message):
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Get,))

    @handles(Get)
    def get(self, get: Get) -> int:
        return get.height


class Notes(Blocks):
    channel = Channel("notes", messages=(Get,))


@dataclass(frozen=True)
class Odd:
    where: Nowhere | None = None  # type: ignore[name-defined]  # noqa: F821  # the point


class Odds(Reactor):
    channel = Channel("odds", messages=(Odd,))

    @handles(Odd)
    def take(self, _: Odd) -> None: ...


def described(bus: Bus, *offers: str, listening: tuple[Endpoint, ...] = (HERE,)) -> SelfDescription:
    myself = Myself(identity=ALICE, network="demo", name="alice", agent="test", incarnation=7)
    return SelfDescription(myself, bus, Codecs(bus.channels), tuple(map(Capability.parse, offers)), lambda: listening)


async def test_a_hello_says_who_it_is_what_it_offers_and_what_can_be_sent_to_it() -> None:
    async with Bus(reactors=[Blocks]) as bus:
        description = described(bus, "archive{from=1}", listening=(HERE, EVERYWHERE))
        description.sign()
        hello = description.hello()
    assert (hello.node_id, hello.network, hello.name, hello.incarnation) == (ALICE.node_id, "demo", "alice", 7)
    assert [channel.name for channel in hello.channels] == ["blocks"]
    assert hello.offers == ("archive{from=1}",)
    assert hello.listen == ("tcp://10.0.0.1:7400",)
    assert description.roles == ["archive"]
    record = read_record(hello.record, network="demo", now=wall_clock())
    assert isinstance(record, PeerRecord)
    assert record.node_id == ALICE.node_id


async def test_a_channel_that_this_node_only_talks_to_is_not_said() -> None:
    async with Bus() as bus:
        bus.declare(Blocks.channel)
        assert described(bus).channels() == []


async def test_news_are_what_has_changed_since_a_hello_was_made() -> None:
    async with Bus(reactors=[Blocks]) as bus:
        description = described(bus)
        description.sign()
        before = description.hello()
        assert description.news_since(before) == []
        await bus.started(bus.spawn(Notes))
        description.offers = (Capability.parse("archive"),)
        description.sign()
        opened, offered = description.news_since(before)
        assert isinstance(opened, OpenChannel)
        assert opened.info.name == "notes"
        assert offered == OfferRoles(("archive",), description.record.data)
        after = description.hello()
        assert [type(each) for each in description.news_since(before)] == [OpenChannel, OfferRoles]
        assert description.news_since(after) == []


async def test_a_channel_that_is_gone_is_closed_for_who_had_heard_of_it() -> None:
    async with Bus(reactors=[Blocks]) as bus:
        hello = described(bus).hello()
    async with Bus() as bus:
        (closed,) = [each for each in described(bus).news_since(hello) if isinstance(each, CloseChannel)]
        assert closed == CloseChannel("blocks", "stopped")


@in_virtual_time
async def test_a_channel_whose_messages_cannot_travel_stays_here_and_is_told_once() -> None:
    async with Bus(reactors=[Odds]) as bus:
        description = described(bus)
        assert description.channels() == description.channels() == []
    (line,) = [line for line in log_of_the_loop().lines if line["event"] == "a channel stays on this node"]
    assert line["channel"] == "odds"
