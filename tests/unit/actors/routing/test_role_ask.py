"""Asks of one of a role's: which one, who is asked after it, and who is asked beside it."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, TypeVar

import pytest

from peerbus.actors import (
    LOCAL,
    Bus,
    Capability,
    Channel,
    DeadlineExceeded,
    Key,
    NoRoute,
    Outcome,
    Peer,
    PeerbusError,
    PeerGone,
    QuorumFailed,
    Reactor,
    RemoteError,
    Role,
    ShuttingDown,
    WouldDeadlock,
    handles,
)
from peerbus.actors.routing.role_ask import MAX_TRIES
from peerbus.testing import PeerProbe, Probe


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
    """So many archives."""
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


async def test_this_node_is_one_of_those_that_offer_the_role_and_peers_take_its_place() -> None:
    async with Bus(rng=Random(1)) as bus, peers(bus, 1) as [peer]:
        peer.answer(Get, "theirs")
        bus.spawn(Blocks)
        bus.offer([Capability("archive")])
        assert await bus.ask(ARCHIVE, Get(2)) == "own 2"
        bus.offer([])
        assert await bus.ask(ARCHIVE, Get(2)) == "theirs"


async def test_a_key_finds_the_same_peer_whoever_asks_and_the_next_when_it_is_gone() -> None:
    async with Bus("a") as alice, Bus("b") as bob, peers(alice, 4) as them, peers(bob, 4) as same:
        for peer in (*them, *same):
            peer.answer(Get, lambda _, peer=peer: peer.id)
        keys = [f"key {number}" for number in range(40)]
        owners = [await alice.ask(Role("archive", Key(key)) / Blocks, Get(1), reply=str) for key in keys]
        assert owners == [await bob.ask(Role("archive", Key(key)) / Blocks, Get(1), reply=str) for key in keys]
        assert len(set(owners)) == 4
        gone = them[0].id
        await them[0].leave()
        moved = [await alice.ask(Role("archive", Key(key)) / Blocks, Get(1), reply=str) for key in keys]
        assert [key for key, old, new in zip(keys, owners, moved, strict=True) if old != new] == [
            key for key, old in zip(keys, owners, strict=True) if old == gone
        ]


async def test_a_key_counts_this_node_by_its_id() -> None:
    async with Bus() as bus, peers(bus, 2) as them:
        for peer in them:
            peer.answer(Get, lambda _, peer=peer: peer.id)
        bus.node_id = "5" * 64
        bus.spawn(Blocks)
        bus.offer([Capability("archive")])
        answers = Counter(
            [await bus.ask(Role("archive", Key(str(key))) / Blocks, Get(1), reply=str) for key in range(60)]
        )
        assert set(answers) == {"own 1", *(peer.id for peer in them)}


async def test_conditions_choose_by_attributes() -> None:
    async with (
        Bus() as bus,
        PeerProbe(bus, reactors=[Blocks], roles={"archive{from=0,region=eu}"}, name="all") as everything,
        PeerProbe(bus, reactors=[Blocks], roles={"archive{from=1000}"}, name="new") as recent,
    ):
        everything.answer(Get, "everything")
        recent.answer(Get, "recent")
        for _ in range(10):
            assert await bus.ask(Role("archive", where="from<=500") / Blocks, Get(1)) == "everything"
            assert await bus.ask(Role("archive", where={"from": "1000"}) / Blocks, Get(1)) == "recent"
            assert await bus.ask(Role("archive", where="region!=eu") / Blocks, Get(1)) == "recent"
        with pytest.raises(NoRoute, match=r"archive\{region=us\}"):
            await bus.ask(Role("archive", where="region=us") / Blocks, Get(1))
        await recent.offer("archive{from=1000,region=us}")
        assert await bus.ask(Role("archive", where="region=us") / Blocks, Get(1)) == "recent"
        bus.spawn(Blocks)
        bus.offer([Capability("archive", {"region": "mars"})])
        assert await bus.ask(Role("archive", where="region=mars") / Blocks, Get(1)) == "own 1"


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


async def test_only_an_idempotent_ask_of_a_role_can_be_hedged() -> None:
    async with Bus() as bus:
        for to, message in ((ARCHIVE, Append(1)), (LOCAL / Blocks, Get(1)), (Peer("0" * 64) / Blocks, Get(1))):
            with pytest.raises(ValueError, match="hedged"):
                bus.ask(to, message, hedge=0.1)
        bus.declare(Blocks.channel)
        with pytest.raises(ValueError, match=r"idempotent=\(Append,\)"):
            bus.ask(ARCHIVE, Append(1), hedge=0.1)
        with pytest.raises(ValueError, match="at least 0 seconds"):
            bus.ask(ARCHIVE, Get(1), hedge=-1)
        with pytest.raises(ValueError, match="several receivers"):
            bus.ask(ARCHIVE, Get(1), quorum=2)  # type: ignore[call-overload]  # the mistake


async def test_a_timeout_and_a_quorum_that_are_no_number_are_refused() -> None:
    async with Bus() as bus:
        bus.spawn(Blocks)
        for to in (LOCAL / Blocks, ARCHIVE):
            with pytest.raises(ValueError, match="the timeout is nan; write seconds"):
                bus.ask(to, Get(1), wait_for_peer=to is ARCHIVE, timeout=math.nan)
        with pytest.raises(ValueError, match="quorum is nan, it must be at least 1"):
            bus.ask(Role("archive", "all") / Blocks, Get(1), quorum=math.nan)  # type: ignore[call-overload]  # no number


# Waiting for a peer.


async def test_a_role_that_nobody_offers_fails_at_once() -> None:
    async with Bus() as bus:
        began = bus.loop.time()
        for outcome in (bus.ask(ARCHIVE, Get(1)), bus.tell(ARCHIVE, Get(1))):
            with pytest.raises(NoRoute, match="was not sent to bus://role:archive/blocks: "):
                await _awaited(outcome)
        assert bus.loop.time() == began


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


def test_plain_code_has_the_same_choices() -> None:
    bus = Bus().start()
    try:
        waiting = bus.ask(ARCHIVE, Get(1), reply=str, wait_for_peer=True, timeout=20)
        group = bus.ask(Role("archive", "all") / Blocks, Get(2), quorum=1, wait_for_peer=True, timeout=20)
        bus.spawn(Blocks)
        bus.call(lambda: bus.offer([Capability("archive")]))
        assert waiting.get(timeout=10) == "own 1"
        assert group.get(timeout=10).answers == {"local": "own 2"}
        with pytest.raises(QuorumFailed):
            bus.ask(Role("archive", "all") / Blocks, Get(2), quorum=2).get(timeout=10)
        with pytest.raises(ValueError, match="hedged"):
            bus.ask(ARCHIVE, Append(1), hedge=0.1)
        assert bus.ask(ARCHIVE, Get(3), hedge=0.1).get(timeout=10) == "own 3"
    finally:
        bus.stop()


#: Every way to send, with what is no address.
WRONG_SENDS: dict[str, Callable[[Any, Any], object]] = {
    "tell": lambda by, to: by.tell(to, Get(1)),
    "tell that waits": lambda by, to: by.tell(to, Get(1), wait_for_peer=True),
    "tell too late": lambda by, to: by.tell(to, Get(1), timeout=-1),
    "tell many": lambda by, to: by.tell_many(to, [Get(1)]),
    "ask": lambda by, to: by.ask(to, Get(1)),
    "ask that waits": lambda by, to: by.ask(to, Get(1), wait_for_peer=True),
    "hedged ask": lambda by, to: by.ask(to, Get(1), hedge=1),
    "ask with a quorum": lambda by, to: by.ask(to, Get(1), quorum=1),
    "ask too late": lambda by, to: by.ask(to, Get(1), timeout=-1),
}


@pytest.mark.parametrize("to", ["blocks", None, Role("archive"), Blocks, Blocks.channel, LOCAL], ids=repr)
@pytest.mark.parametrize("way", WRONG_SENDS)
async def test_what_is_no_address_is_refused_in_one_sentence_on_every_way_to_send(way: str, to: object) -> None:
    async with Bus(reactors=[Blocks]) as bus:
        for by in (bus, Probe(bus)):
            with pytest.raises(TypeError, match="is no address"):
                WRONG_SENDS[way](by, to)
        found = await asyncio.to_thread(_raised_by, partial(WRONG_SENDS[way], bus, to))
        assert isinstance(found, TypeError)
        assert "is no address" in str(found)


def _raised_by(call: Callable[[], object]) -> BaseException | None:
    try:
        call()
    except BaseException as error:  # noqa: BLE001  # it is looked at
        return error
    return None
