"""Asks of one of a role's: which one, who is asked after it, and who is asked beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import TypeVar

import pytest

from peerbus.actors import (
    Bus,
    Channel,
    DeadlineExceeded,
    NoRoute,
    Outcome,
    PeerbusError,
    PeerGone,
    Reactor,
    RemoteError,
    Role,
    WouldDeadlock,
    handles,
)
from peerbus.actors.routing.tries import MAX_TRIES
from peerbus.testing import PeerProbe


@dataclass(frozen=True)
class Get:
    height: int


@dataclass(frozen=True)
class Append:
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Get, Append), idempotent=(Get,))

    @handles(Get)
    def get(self, get: Get) -> str:
        return f"own {get.height}"

    @handles(Append)
    def append(self, append: Append) -> None: ...


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


def asked_of(them: list[PeerProbe]) -> list[PeerProbe]:
    """Those that got the last message, each before those that did not."""
    return sorted(them, key=lambda peer: -len(peer.received))


async def _awaited(outcome: Outcome[R]) -> R:
    return await outcome


async def test_an_idempotent_ask_goes_to_another_peer_when_the_first_is_gone() -> None:
    async with Bus(rng=Random(1)) as bus, peers(bus, 3) as them:
        asking = asyncio.ensure_future(_awaited(bus.ask(ARCHIVE, Get(1), timeout=5)))
        await asyncio.sleep(1)
        first, *others = asked_of(them)
        for other in others:
            other.answer(Get, lambda get: f"block {get.height}")
        await first.leave("crashed")
        assert await asking == "block 1"
        assert [len(peer.received) for peer in them].count(1) == 2


@pytest.mark.parametrize("hedge", [None, 0.5])
async def test_an_ask_that_several_await_fails_over_once_for_all_of_them(hedge: float | None) -> None:
    async with Bus(rng=Random(1)) as bus, peers(bus, 3) as them:
        asked = bus.ask(ARCHIVE, Get(1), timeout=5, hedge=hedge)
        asking = [asyncio.ensure_future(_awaited(asked)) for _ in range(3)]
        await asyncio.sleep(0.1)
        first, *others = asked_of(them)
        for other in others:
            other.answer(Get, lambda get: f"block {get.height}")
        await first.leave("crashed")
        assert await asyncio.gather(*asking) == ["block 1"] * 3
        assert await asked == "block 1"
        assert sum(len(peer.received) for peer in them) == 2


async def test_an_ask_that_several_await_fails_with_one_error_for_all_of_them() -> None:
    async with Bus(rng=Random(1)) as bus, peers(bus, 2) as them:
        asked = bus.ask(ARCHIVE, Append(1))
        asking = [asyncio.ensure_future(_awaited(asked)) for _ in range(2)]
        await asyncio.sleep(0.1)
        first, other = asked_of(them)
        await first.leave("crashed")
        errors = await asyncio.gather(*asking, return_exceptions=True)
        assert [type(error) for error in errors] == [PeerGone, PeerGone]
        with pytest.raises(PeerGone):
            await asked
        assert not other.received


async def test_what_may_not_be_handled_twice_fails_when_its_peer_is_gone() -> None:
    async with Bus(rng=Random(1)) as bus, peers(bus, 3) as them:
        asking = asyncio.ensure_future(_awaited(bus.ask(ARCHIVE, Append(1))))
        await asyncio.sleep(1)
        first, *others = asked_of(them)
        await first.leave("crashed")
        with pytest.raises(PeerGone) as gone:
            await asking
        assert gone.value.tried == (first.id,)
        assert first.id in str(gone.value)
        assert not any(other.received for other in others)


async def test_what_was_certainly_never_sent_goes_to_another_peer_whatever_it_is() -> None:
    async with Bus(rng=Random(1)) as bus, peers(bus, 1) as [first]:
        first.stall()
        asking = asyncio.ensure_future(_awaited(bus.ask(ARCHIVE, Append(1))))
        await asyncio.sleep(1)
        async with PeerProbe(bus, reactors=[Blocks], roles={"archive"}, name="other") as other:
            other.answer(Append, "appended")
            await first.leave("crashed")
            assert await asking == "appended"
            assert not first.received


async def test_an_ask_tries_a_few_and_says_whom() -> None:
    async with Bus(rng=Random(1)) as bus, peers(bus, MAX_TRIES + 2) as them:
        asking = asyncio.ensure_future(_awaited(bus.ask(ARCHIVE, Get(1), timeout=9)))
        for _ in range(MAX_TRIES):
            await asyncio.sleep(1)
            (holds,) = [peer for peer in them if peer.received and peer.id in bus.routes.peers]
            await holds.leave("crashed")
        with pytest.raises(PeerGone) as gone:
            await asking
        assert set(gone.value.tried) == {peer.id for peer in them if peer.received}
        assert len(gone.value.tried) == MAX_TRIES
        assert gone.value.message is None or gone.value.message == Get(1)


async def test_all_tries_share_the_deadline() -> None:
    async with Bus(rng=Random(1)) as bus, peers(bus, 2) as them:
        began = bus.loop.time()
        asking = asyncio.ensure_future(_awaited(bus.ask(ARCHIVE, Get(1), timeout=2)))
        await asyncio.sleep(1.5)
        await asked_of(them)[0].leave("crashed")
        with pytest.raises(DeadlineExceeded, match="tried") as late:
            await asking
        assert bus.loop.time() - began == pytest.approx(2, abs=0.05)
        assert sorted(late.value.tried) == sorted(peer.id for peer in them)


@pytest.mark.parametrize("error", [RemoteError("not_found"), ValueError("a defect")])
async def test_an_error_that_a_handler_raised_is_an_answer(error: Exception) -> None:
    async with Bus(rng=Random(1)) as bus, peers(bus, 3) as them:
        for peer in them:
            peer.answer(Get, error)
        with pytest.raises(RemoteError):
            await bus.ask(ARCHIVE, Get(1))
        assert sum(len(peer.received) for peer in them) == 1


async def test_a_full_peer_is_waited_for_and_no_other_gets_its_load() -> None:
    async with Bus(rng=Random(1)) as bus, peers(bus, 2) as them:
        for peer in them:
            peer.stall()
        with pytest.raises(DeadlineExceeded) as late:
            await bus.ask(ARCHIVE, Get(1), timeout=1)
        assert late.value.phase == "credit"
        assert len(late.value.tried) == 1


async def test_a_blocking_wait_on_the_loop_is_refused_unless_the_answer_is_there() -> None:
    async with Bus() as bus, peers(bus, 1) as [peer]:
        asked = bus.ask(ARCHIVE, Get(1))
        with pytest.raises(WouldDeadlock):
            asked.get()
        await peer.expect(Get)
        peer.reply("block")
        assert asked.get() == "block"
        with pytest.raises(WouldDeadlock):
            bus.ask(Role("nobody") / Blocks, Get(1), wait_for_peer=True).get()


# Hedged asks.


async def test_a_second_peer_is_asked_when_the_first_is_slow_and_the_loser_is_cancelled() -> None:
    async with Bus(rng=Random(1)) as bus, peers(bus, 3) as them:
        asking = asyncio.ensure_future(_awaited(bus.ask(ARCHIVE, Get(1), hedge=0.05)))
        await asyncio.sleep(0.04)
        assert sum(len(peer.received) for peer in them) == 1
        first = asked_of(them)[0]
        await asyncio.sleep(0.02)
        (second,) = [peer for peer in asked_of(them)[:2] if peer is not first]
        assert await second.expect(Get) == Get(1)
        second.reply("second")
        assert await asking == "second"
        await first.expect(Get)
        with pytest.raises(PeerbusError, match="waits no longer"):
            first.reply("too late")
        assert sum(len(peer.received) for peer in them) == 2


async def test_the_first_may_still_win() -> None:
    async with Bus(rng=Random(1)) as bus, peers(bus, 2) as them:
        asking = asyncio.ensure_future(_awaited(bus.ask(ARCHIVE, Get(1), hedge=0.05)))
        await asyncio.sleep(0.04)
        first, second = asked_of(them)
        await asyncio.sleep(0.1)
        await first.expect(Get)
        first.reply("first")
        assert await asking == "first"
        await second.expect(Get)
        with pytest.raises(PeerbusError, match="waits no longer"):
            second.reply("too late")


async def test_nobody_else_is_asked_when_the_first_is_quick_or_there_is_nobody() -> None:
    async with Bus(rng=Random(1)) as bus, peers(bus, 2) as them:
        for peer in them:
            peer.answer(Get, "quick")
        assert await bus.ask(ARCHIVE, Get(1), hedge=0.05) == "quick"
        await asyncio.sleep(1)
        assert sum(len(peer.received) for peer in them) == 1
    async with Bus() as bus, peers(bus, 1) as [only]:
        with pytest.raises(DeadlineExceeded):
            await bus.ask(ARCHIVE, Get(1), hedge=0.05, timeout=1)
        assert len(only.received) == 1


async def test_of_two_that_race_one_that_is_gone_leaves_it_to_the_other() -> None:
    async with Bus(rng=Random(1)) as bus, peers(bus, 2) as them:
        asking = asyncio.ensure_future(_awaited(bus.ask(ARCHIVE, Get(1), hedge=0.05)))
        await asyncio.sleep(0.1)
        await them[0].leave("crashed")
        await them[1].expect(Get)
        them[1].reply("here")
        assert await asking == "here"


async def test_when_both_that_race_are_gone_the_error_says_so() -> None:
    async with Bus(rng=Random(1)) as bus, peers(bus, 2) as them:
        asking = asyncio.ensure_future(_awaited(bus.ask(ARCHIVE, Get(1), hedge=0.05)))
        await asyncio.sleep(0.1)
        for peer in them:
            await peer.leave("crashed")
        with pytest.raises(PeerGone) as gone:
            await asking
        assert set(gone.value.tried) == {peer.id for peer in them}


async def test_a_hedged_ask_that_is_cancelled_cancels_both() -> None:
    async with Bus(rng=Random(1)) as bus, peers(bus, 2) as them:
        asking = asyncio.ensure_future(_awaited(bus.ask(ARCHIVE, Get(1), hedge=0.05)))
        await asyncio.sleep(0.1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        for peer in them:
            await peer.expect(Get)
            with pytest.raises(PeerbusError, match="waits no longer"):
                peer.reply("too late")


async def test_a_hedged_ask_that_is_cancelled_before_the_second_is_asked_is_cancelled() -> None:
    async with Bus(rng=Random(1)) as bus, peers(bus, 2) as them:
        asking = asyncio.ensure_future(_awaited(bus.ask(ARCHIVE, Get(1), hedge=0.05)))
        await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.sleep(0.1)
        (first,) = [peer for peer in them if peer.received]
        await first.expect(Get)
        with pytest.raises(PeerbusError, match="waits no longer"):
            first.reply("too late")


# Waiting for a peer.


async def test_a_role_that_nobody_offers_fails_at_once() -> None:
    async with Bus() as bus:
        began = bus.loop.time()
        for outcome in (bus.ask(ARCHIVE, Get(1)), bus.tell(ARCHIVE, Get(1))):
            with pytest.raises(NoRoute, match="was not sent to bus://role:archive/blocks: "):
                await _awaited(outcome)
        assert bus.loop.time() == began
