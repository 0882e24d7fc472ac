"""What the tables of a connection's end decide is done, in its time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest
from kept_writer import KeptWriter
from some_frames import copied
from virtual_time import VirtualTimeLoop, in_virtual_time

from peerbus.actors import Bus
from peerbus.transports.connection.commands import SHUTTING_DOWN, SUPERSEDED, Disconnect
from peerbus.transports.connection.farewell import GOODBYE_TIMEOUT
from peerbus.transports.connection.frame_reader import FrameReader
from peerbus.transports.connection.leave_taking import LeaveTaking
from peerbus.transports.connection.parting import GOODBYE, HEARD_WITHIN, LAST_WORD
from peerbus.transports.lanes.frame_writer import FrameWriter
from peerbus.transports.receiving.receive_side import ReceiveSide
from peerbus.transports.sending.link import PeerLink
from peerbus.transports.wire.codecs import Codecs
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frames import FRAME_LIMIT, Frame, GoAway, Ping
from peerbus.transports.wire.hello import Hello


def hello_of(node_id: str) -> Hello:
    return Hello(
        node_id=node_id,
        network="test",
        name="node",
        incarnation=1,
        listen=(),
        offers=(),
        channels=(),
        agent="test",
        nonce=bytes(16),
    )


class Reader:
    """As much of a `FrameReader` as an end looks at."""

    def __init__(self) -> None:
        self.pending = 0
        self.stirred: Callable[[], None] | None = None

    def notice(self, stirred: Callable[[], None]) -> None:
        assert self.stirred is None
        self.stirred = stirred


class Writer(KeptWriter):
    """One that may be watched."""

    watched = False


class Leaver:
    """The end of a connection with a peer that runs nothing."""

    def __init__(self, bus: Bus) -> None:
        own, peer, codecs = hello_of("a" * 64), hello_of("b" * 64), Codecs({})
        self.writer = Writer()
        self.reader = Reader()
        self.link = PeerLink(bus, own, peer, codecs, self.writer)
        self.receive = ReceiveSide(bus, own, peer, codecs, self.link.outbox, self.writer)
        self.cuts: list[tuple[str, float]] = []
        self.loop = asyncio.get_running_loop()
        self.leave_taking = LeaveTaking(
            bus,
            self.link,
            self.receive,
            cast("FrameReader", self.reader),
            cast("FrameWriter", self.writer),
            self.cut,
        )

    def cut(self, reason: str, text: str) -> None:
        self.cuts.append((reason, self.loop.time()))
        self.leave_taking.end()

    def said(self) -> list[Frame]:
        data = b"".join(map(bytes, self.link.outbox.fill(0.0, 1 << 20)))
        return [*map(copied, FrameDecoder(FRAME_LIMIT).feed(data))]


@asynccontextmanager
async def leaver() -> AsyncIterator[Leaver]:
    async with Bus("test") as bus:
        made = Leaver(bus)
        yield made
        made.leave_taking.end()
        made.link.lost("over")
        made.receive.end()


@in_virtual_time
async def test_a_node_that_shuts_down_tells_the_peer_and_goes_on_sending() -> None:
    async with leaver() as here:
        here.leave_taking.shutdown(2.5)
        assert here.said() == [GoAway(SHUTTING_DOWN, "", 2500), Ping(GOODBYE)]
        assert here.link.refusal is None


@in_virtual_time
async def test_parting_is_over_when_the_peer_knows_and_all_is_written() -> None:
    async with leaver() as here:
        parting = asyncio.ensure_future(here.leave_taking.part())
        await asyncio.sleep(0)
        assert here.writer.watched
        assert here.link.refusal is not None
        here.said()
        assert here.leave_taking.ponged(GOODBYE)
        assert (await parting).reason == SHUTTING_DOWN


@in_virtual_time
async def test_parting_does_not_wait_for_a_peer_that_does_not_answer() -> None:
    async with leaver() as here:
        parting = asyncio.ensure_future(here.leave_taking.part())
        await asyncio.sleep(0)
        here.said()
        began = here.loop.time()
        await parting
        assert here.loop.time() - began == pytest.approx(HEARD_WITHIN)


@in_virtual_time
async def test_parting_takes_no_longer_than_it_was_given() -> None:
    async with leaver() as here:
        here.reader.pending = 1  # a body of the peer that never becomes whole
        here.leave_taking.command(Disconnect("operator", drain=3.0))
        began = here.loop.time()
        assert await here.leave_taking.part() == Disconnect("operator", drain=3.0)
        assert here.loop.time() - began == pytest.approx(3.0)


@in_virtual_time
async def test_parting_is_over_when_the_connection_ends_meanwhile() -> None:
    async with leaver() as here:
        here.reader.pending = 1
        here.leave_taking.command(Disconnect("operator", drain=1000.0))
        parting = asyncio.ensure_future(here.leave_taking.part())
        await asyncio.sleep(0)
        assert here.leave_taking.end()
        began = here.loop.time()
        await parting
        assert here.loop.time() == began
        assert here.leave_taking.ended


@in_virtual_time
async def test_a_peer_that_says_goodbye_and_does_nothing_is_cut_off() -> None:
    async with leaver() as here:
        began = here.loop.time()
        here.leave_taking.told(GoAway("tired", "", 5000))
        assert here.link.refusal is not None
        await asyncio.sleep(100)
        ((reason, at),) = here.cuts
        assert reason == "goodbye"
        assert at - began == pytest.approx(5 + GOODBYE_TIMEOUT)


@in_virtual_time
async def test_a_loop_that_counts_milliseconds_may_be_early() -> None:
    async with leaver() as here:
        here.leave_taking.shutdown(0.0)
        here.leave_taking.told(GoAway("tired", ""))
        loop = here.loop
        assert isinstance(loop, VirtualTimeLoop)
        loop.now += GOODBYE_TIMEOUT - 0.0002  # the loop was held up
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        began = loop.now
        assert (await here.leave_taking.part()).reason == SHUTTING_DOWN
        assert loop.now - began < HEARD_WITHIN


@in_virtual_time
async def test_a_peer_that_says_goodbye_and_has_more_to_say_is_waited_for() -> None:
    async with leaver() as here:
        began = here.loop.time()
        here.leave_taking.told(GoAway("tired", ""))
        assert here.reader.stirred is not None
        for _ in range(4):
            await asyncio.sleep(9)
            here.reader.stirred()
        await asyncio.sleep(100)
        ((_, at),) = here.cuts
        assert at - began == pytest.approx(36 + GOODBYE_TIMEOUT)


@in_virtual_time
async def test_a_replaced_connection_says_its_second_word_when_all_is_written() -> None:
    async with leaver() as here:
        here.leave_taking.told(GoAway(SUPERSEDED, ""))
        assert here.said() == []
        here.leave_taking.look()
        assert here.said() == [GoAway(SUPERSEDED, "")] * 2


@in_virtual_time
async def test_a_peer_that_does_not_read_the_last_word_is_cut_off() -> None:
    async with leaver() as here:
        here.leave_taking.told(GoAway(SUPERSEDED, ""))
        here.leave_taking.wrote_last()
        assert here.said() == [Ping(LAST_WORD)]
        await asyncio.sleep(100)
        assert [reason for reason, _ in here.cuts] == [SUPERSEDED]


@in_virtual_time
async def test_a_pong_to_another_ping_is_not_for_it() -> None:
    async with leaver() as here:
        assert not here.leave_taking.ponged(1)
        assert here.leave_taking.why_over("closed", "by itself") == ("closed", "by itself")
