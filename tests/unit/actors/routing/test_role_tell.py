"""A tell to a role: where it certainly never left, the next one gets it; what was accepted is told to nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

import pytest

from peerbus.actors import (
    Bus,
    Channel,
    DeadlineExceeded,
    Message,
    Outcome,
    PeerGone,
    Reactor,
    Role,
    WouldDeadlock,
    handles,
)
from peerbus.actors.routing.tries import MAX_TRIES
from peerbus.actors.sends import DELIVERED
from peerbus.testing import PeerProbe


class Append(Message):
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Append,))

    @handles(Append)
    def append(self, append: Append) -> None: ...


ARCHIVE = Role("archive") / Blocks


@asynccontextmanager
async def stalled(count: int) -> AsyncIterator[tuple[Bus, list[PeerProbe]]]:
    """That many archives, none of which has credit."""
    async with Bus(rng=Random(7)) as bus, AsyncExitStack() as stack:
        probes = [PeerProbe(bus, roles={"archive"}, reactors=[Blocks], name=f"peer {each}") for each in range(count)]
        for probe in probes:
            await stack.enter_async_context(probe)
            probe.stall()
        yield bus, probes


async def _awaited(outcome: Outcome[None]) -> None:
    await outcome


def begun(bus: Bus) -> asyncio.Task[None]:
    return asyncio.ensure_future(_awaited(bus.tell(ARCHIVE, Append(1), timeout=5)))


def chosen(bus: Bus, probes: list[PeerProbe]) -> PeerProbe:
    """The one at which a send waits."""
    (found,) = [probe for probe in probes if probe._link._waiting]
    return found


async def test_a_tell_that_has_room_is_done_at_once() -> None:
    async with stalled(2) as (bus, probes):
        for probe in probes:
            probe.resume()
        assert bus.tell(ARCHIVE, Append(1)) is DELIVERED
        assert sum(len(probe.received) for probe in probes) == 1


async def test_one_that_waits_goes_to_the_next_peer_where_the_first_is_gone() -> None:
    async with stalled(2) as (bus, probes):
        telling = begun(bus)
        await asyncio.sleep(0.1)
        first = chosen(bus, probes)
        (other,) = [probe for probe in probes if probe is not first]
        other.resume()
        await first.leave("crashed")
        await telling
        assert [envelope.message for envelope in other.received] == [Append(1)]
        assert not first.received


async def test_it_ends_after_some_tries_with_the_last_error() -> None:
    async with stalled(MAX_TRIES + 1) as (bus, probes):
        telling = begun(bus)
        for _ in range(MAX_TRIES):
            await asyncio.sleep(0.1)
            await chosen(bus, probes).leave("crashed")
        with pytest.raises(PeerGone):
            await telling
        assert len(bus.routes.peers) == 1


async def test_its_deadline_is_one_for_all_tries() -> None:
    async with stalled(2) as (bus, probes):
        began = bus.loop.time()
        telling = begun(bus)
        await asyncio.sleep(3)
        await chosen(bus, probes).leave("crashed")
        with pytest.raises(DeadlineExceeded):
            await telling
        assert bus.loop.time() - began == pytest.approx(5, abs=0.5)


async def test_one_that_is_awaited_twice_is_told_once() -> None:
    async with stalled(2) as (bus, probes):
        outcome = bus.tell(ARCHIVE, Append(1), timeout=5)
        assert "tried" in repr(outcome)
        with pytest.raises(WouldDeadlock):
            outcome.get()
        both = [asyncio.ensure_future(_awaited(outcome)) for _ in range(2)]
        await asyncio.sleep(0.1)
        for probe in probes:
            probe.resume()
        await asyncio.gather(*both)
        assert sum(len(probe.received) for probe in probes) == 1


async def test_one_that_is_cancelled_is_not_told() -> None:
    async with stalled(1) as (bus, probes):
        telling = begun(bus)
        await asyncio.sleep(0.1)
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        probes[0].resume()
        await asyncio.sleep(0.1)
        assert not probes[0].received
