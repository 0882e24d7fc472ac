"""Sends that wait until somebody answers to their address: how long, who ends the wait, and what is left of it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import pytest

from peerbus.actors import (
    LOCAL,
    Bus,
    Capability,
    Channel,
    DeadlineExceeded,
    NoRoute,
    Outcome,
    Peer,
    Reactor,
    Role,
    ShuttingDown,
    handles,
)
from peerbus.testing import PeerProbe


@dataclass(frozen=True)
class Get:
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Get,))

    @handles(Get)
    def get(self, get: Get) -> str:
        return f"own {get.height}"


R = TypeVar("R")

ARCHIVE = Role("archive") / Blocks


@asynccontextmanager
async def peers(bus: Bus, count: int) -> AsyncIterator[list[PeerProbe]]:
    """That many archives."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(PeerProbe(bus, reactors=[Blocks], roles={"archive"}, name=f"peer {number}"))
            for number in range(count)
        ]


async def _awaited(outcome: Outcome[R]) -> R:
    return await outcome


async def test_an_ask_waits_for_a_peer_where_it_says_so() -> None:
    async with Bus() as bus:
        asks = [
            asyncio.ensure_future(_awaited(bus.ask(ARCHIVE, Get(n), wait_for_peer=True, timeout=timeout)))
            for n, timeout in enumerate((5.0, None, math.inf))
        ]
        telling = asyncio.ensure_future(_awaited(bus.tell(ARCHIVE, Get(9), wait_for_peer=True)))
        await asyncio.sleep(2)
        async with PeerProbe(bus, reactors=[Blocks], roles={"index"}) as peer:
            await asyncio.sleep(1)
            assert not peer.received
            peer.answer(Get, lambda get: get.height)
            await peer.offer("archive")
            assert await asyncio.gather(*asks) == [0, 1, 2]
            await telling
            assert len(peer.received) == 4


async def test_who_waits_in_vain_learns_it_at_the_deadline() -> None:
    async with Bus() as bus:
        began = bus.loop.time()
        with pytest.raises(DeadlineExceeded) as late:
            await bus.ask(ARCHIVE, Get(1), wait_for_peer=True, timeout=2)
        assert late.value.phase == "route"
        assert late.value.message == Get(1)
        assert bus.loop.time() - began == pytest.approx(2, abs=0.01)
        assert bus.statistics().failed == {"deadline_route": 1}


async def test_the_wait_for_a_peer_is_part_of_the_deadline() -> None:
    async with Bus() as bus:
        began = bus.loop.time()
        asking = asyncio.ensure_future(_awaited(bus.ask(ARCHIVE, Get(1), wait_for_peer=True, timeout=3)))
        await asyncio.sleep(2)
        async with peers(bus, 1):
            with pytest.raises(DeadlineExceeded) as late:
                await asking
        assert late.value.phase == "reply"
        assert bus.loop.time() - began == pytest.approx(3, abs=0.05)


async def test_a_named_peer_and_a_reactor_of_this_node_are_waited_for_as_well() -> None:
    async with Bus() as bus:
        own = asyncio.ensure_future(_awaited(bus.ask(LOCAL / Blocks, Get(3), wait_for_peer=True)))
        role = asyncio.ensure_future(_awaited(bus.ask(ARCHIVE, Get(4), wait_for_peer=True)))
        named = PeerProbe(bus, reactors=[Blocks])
        theirs = asyncio.ensure_future(_awaited(bus.ask(Peer(named.id) / Blocks, Get(5), wait_for_peer=True)))
        await asyncio.sleep(1)
        bus.spawn(Blocks)
        assert await own == "own 3"
        bus.offer([Capability("archive")])
        assert await role == "own 4"
        async with named:
            named.answer(Get, "theirs")
            assert await theirs == "theirs"


async def test_a_reactor_of_this_node_is_there_for_who_waited_as_soon_as_for_who_did_not() -> None:
    class Slow(Blocks):
        async def on_started(self) -> None:
            await asyncio.sleep(60)

    async with Bus(shutdown_timeout=0.1) as bus:
        waited = asyncio.ensure_future(_awaited(bus.tell(LOCAL / Slow, Get(3), wait_for_peer=True, timeout=2)))
        await asyncio.sleep(1)
        ref = bus.spawn(Slow)
        await bus.tell(LOCAL / Slow, Get(4), timeout=2)
        await waited
        assert ref.statistics().queued == 2


async def test_a_send_that_waits_for_a_peer_is_sent_once_however_many_await_it() -> None:
    async with Bus() as bus:
        asking = bus.ask(ARCHIVE, Get(1), wait_for_peer=True)
        awaiting = [asyncio.ensure_future(_awaited(asking)) for _ in range(3)]
        await asyncio.sleep(1)
        async with peers(bus, 1) as [peer]:
            await peer.expect(Get)
            peer.reply("once")
            assert await asyncio.gather(*awaiting) == ["once"] * 3
            assert await asking == "once"
            assert len(peer.received) == 1
        late = bus.tell(ARCHIVE, Get(2), wait_for_peer=True, timeout=0.1)
        results = await asyncio.gather(_awaited(late), _awaited(late), return_exceptions=True)
        assert [type(result) for result in results] == [DeadlineExceeded] * 2
        assert bus.statistics().dead_letters == {"deadline_route": 1}


async def test_who_waits_no_longer_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peerbus.actors.router.MAX_WAITING", 5)
    async with Bus() as bus:
        for _ in range(3):
            asks = [asyncio.ensure_future(_awaited(bus.ask(ARCHIVE, Get(n), wait_for_peer=True))) for n in range(5)]
            await asyncio.sleep(0.1)
            with pytest.raises(NoRoute, match="5 sends wait"):
                await bus.ask(ARCHIVE, Get(1), wait_for_peer=True)
            for ask in asks:
                ask.cancel()
            await asyncio.gather(*asks, return_exceptions=True)
        with pytest.raises(DeadlineExceeded):
            await bus.ask(ARCHIVE, Get(1), wait_for_peer=True, timeout=0.1)


async def test_a_send_that_would_wait_for_a_peer_and_is_not_awaited_is_a_dead_letter() -> None:
    async with Bus() as bus, PeerProbe(bus) as other:
        bus.tell(ARCHIVE, Get(1), wait_for_peer=True)
        await other.expect_dead_letter(Get, reason="no_route")


async def test_who_waits_for_a_peer_when_the_bus_stops_is_told() -> None:
    async with Bus() as bus:
        asking = asyncio.ensure_future(_awaited(bus.ask(ARCHIVE, Get(1), wait_for_peer=True, timeout=60)))
        await asyncio.sleep(0.1)
    with pytest.raises(ShuttingDown):
        await asking
