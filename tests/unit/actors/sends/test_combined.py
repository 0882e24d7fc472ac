"""Sends to several: an outcome for each, and asks that end with a quorum."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peerbus.actors import (
    EVERYONE,
    Bus,
    Capability,
    Channel,
    GroupAddress,
    MessageTypeError,
    Outcome,
    PeerbusError,
    PeerGone,
    QuorumFailed,
    Reactor,
    RemoteError,
    Role,
    SendError,
    Several,
    Share,
    handles,
)
from peerbus.testing import PeerProbe


@dataclass(frozen=True)
class Vote:
    number: int


class Votes(Reactor):
    channel = Channel("votes", messages=(Vote,))

    @handles(Vote)
    def vote(self, vote: Vote) -> int:
        return vote.number


R = TypeVar("R")

VOTERS = Role("voter", "all") / Votes


def a_voter(bus: Bus, name: str) -> PeerProbe:
    return PeerProbe(bus, reactors=[Votes], roles={"voter"}, name=name)


@asynccontextmanager
async def voters(bus: Bus, count: int) -> AsyncIterator[list[PeerProbe]]:
    """That many voters, in the order of their ids; each answers with its place."""
    async with AsyncExitStack() as stack:
        probes = [a_voter(bus, f"voter {number}") for number in range(count)]
        probes.sort(key=lambda probe: probe.id)
        for number, probe in enumerate(probes):
            await stack.enter_async_context(probe)
            probe.answer(Vote, number)
        yield probes


async def _awaited(outcome: Outcome[R]) -> R:
    return await outcome


async def test_each_that_was_picked_has_a_result_and_they_are_in_the_order_of_ids() -> None:
    async with Bus(rng=Random(2)) as bus, voters(bus, 5) as them:
        bus.spawn(Votes)
        bus.offer([Capability("voter")])
        ids = [probe.id for probe in them]
        everyone = await bus.ask(EVERYONE / Votes, Vote(7), reply=int)
        assert list(everyone.items()) == list(zip(ids, range(5), strict=True))
        them[1].answer(Vote, RemoteError("no"))
        all_of_them = await bus.ask(VOTERS, Vote(7), reply=int)
        assert list(all_of_them) == [*ids, "local"]
        assert all_of_them["local"] == 7
        assert list(all_of_them.errors) == [ids[1]]
        assert not all_of_them.ok
        for pick, count in ((Several(2), 2), (Several(6), 6), (Several(99), 6), (Share(0.5), 3), (Share(0.51), 4)):
            some = await bus.ask(Role("voter", pick) / Votes, Vote(7), reply=int)
            assert list(some) == sorted(some)
            assert (len(some), set(some) <= set(all_of_them)) == (count, True)
        told = await bus.tell(Role("voter", Several(3)) / Votes, Vote(8))
        assert told.ok
        assert len(told) == 3
        assert set(told.answers.values()) == {None}


async def test_several_are_those_with_less_to_do() -> None:
    async with Bus(rng=Random(2)) as bus, voters(bus, 3) as them, a_voter(bus, "busy") as busy:
        async with asyncio.TaskGroup() as group:
            open_asks = [group.create_task(_awaited(bus.ask(EVERYONE / Votes, Vote(n)))) for n in range(5)]
            await asyncio.sleep(0.1)
            for _ in range(20):
                results = await bus.ask(Role("voter", Several(3)) / Votes, Vote(1))
                assert set(results) == {probe.id for probe in them}
            for ask in open_asks:
                ask.cancel()
        assert len(busy.received) == 5


async def test_one_that_is_dead_or_slow_changes_nothing_for_the_rest() -> None:
    async with Bus() as bus, voters(bus, 5) as them:
        them[0].stall()
        them[1].stop_reactor("votes")
        async with a_voter(bus, "silent") as silent:
            asking = asyncio.ensure_future(_awaited(bus.ask(VOTERS, Vote(1), timeout=2)))
            await asyncio.sleep(0.1)
            assert all(probe.received for probe in them[2:])
            await them[4].leave("crashed")
            results = await asking
        assert set(results.answers) == {probe.id for probe in them[2:]}
        assert {peer: error.reason for peer, error in results.errors.items() if isinstance(error, SendError)} == {
            them[0].id: "deadline_credit",
            silent.id: "deadline_reply",
        }  # and not the one that does not run the reactor: it was not addressed


# Quorums.


async def test_a_quorum_ends_the_ask_and_cancels_the_others() -> None:
    async with Bus() as bus, voters(bus, 3) as them, a_voter(bus, "slow") as slow:
        began = bus.loop.time()
        results = await bus.ask(VOTERS, Vote(1), reply=int, quorum=3)
        assert bus.loop.time() == began
        assert results.answers == {probe.id: number for number, probe in enumerate(them)}
        assert results.abandoned == (slow.id,)
        assert results.ok
        assert repr(results) == "Results(3 of 4 answered)"
        await slow.expect(Vote)
        with pytest.raises(PeerbusError, match="waits no longer"):
            slow.reply(9)


async def test_a_quorum_may_be_a_share_of_the_receivers() -> None:
    async with Bus() as bus, voters(bus, 4) as them, a_voter(bus, "a") as one, a_voter(bus, "b") as other:
        results = await bus.ask(VOTERS, Vote(1), quorum=Share(2 / 3))
        assert set(results.abandoned) == {one.id, other.id}
        them[0].answer(Vote, RemoteError("no"))
        with pytest.raises(QuorumFailed, match="3 of 6 answered, 5 had to"):
            await bus.ask(VOTERS, Vote(1), quorum=Share(0.8), timeout=1)


async def test_a_quorum_that_cannot_be_reached_any_more_fails_at_once() -> None:
    async with (
        Bus() as bus,
        voters(bus, 2) as them,
        a_voter(bus, "slow") as slow,
        a_voter(bus, "leaving") as leaving,
    ):
        them[1].answer(Vote, RemoteError("no", "not today"))
        began = bus.loop.time()
        asking = asyncio.ensure_future(_awaited(bus.ask(VOTERS, Vote(1), quorum=3, timeout=60)))
        await asyncio.sleep(1)
        assert not asking.done()
        await leaving.leave("crashed")
        with pytest.raises(QuorumFailed, match="not today") as failed:
            await asking
        assert bus.loop.time() - began < 2
        results = failed.value.results
        assert results.answers == {them[0].id: 0}
        assert isinstance(results.errors[them[1].id], RemoteError)
        assert isinstance(results.errors[leaving.id], PeerGone)
        assert results.abandoned == (slow.id,)
        assert failed.value.message == Vote(1)
        await slow.expect(Vote)
        with pytest.raises(PeerbusError, match="waits no longer"):
            slow.reply(9)


async def test_a_quorum_of_more_than_there_are_asks_nobody() -> None:
    async with Bus() as bus, voters(bus, 2) as them:
        with pytest.raises(QuorumFailed, match="2 answer to bus://role:voter/votes") as failed:
            await bus.ask(VOTERS, Vote(1), quorum=3)
        assert len(failed.value.results) == 0
        assert not any(probe.received for probe in them)
        await them[0].expect_dead_letter(Vote, reason="no_quorum")
        with pytest.raises(QuorumFailed):
            await bus.ask(Role("nobody", "all") / Votes, Vote(1), quorum=Share(0.5))
        with pytest.raises(ValueError, match="at least 1"):
            bus.ask(VOTERS, Vote(1), quorum=0)


async def test_a_quorum_waits_for_as_many_peers_where_it_says_so() -> None:
    async with Bus() as bus, voters(bus, 1):
        asking = asyncio.ensure_future(_awaited(bus.ask(VOTERS, Vote(1), quorum=2, wait_for_peer=True)))
        await asyncio.sleep(1)
        async with a_voter(bus, "late") as late:
            await late.expect(Vote)
            late.reply(5)
            assert len(await asking) == 2


async def test_an_asker_that_goes_away_cancels_all() -> None:
    async with Bus() as bus, AsyncExitStack() as stack:
        them = [await stack.enter_async_context(a_voter(bus, str(number))) for number in range(3)]
        asking = asyncio.ensure_future(_awaited(bus.ask(VOTERS, Vote(1), quorum=2)))
        await asyncio.sleep(1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        for probe in them:
            await probe.expect(Vote)
            with pytest.raises(PeerbusError, match="waits no longer"):
                probe.reply(9)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["answers", "fails"]), min_size=1, max_size=6), st.integers(1, 7))
def test_a_quorum_is_reached_where_enough_answer_and_only_there(votes: list[str], quorum: int) -> None:
    async def scenario() -> None:
        async with Bus() as bus, voters(bus, len(votes)) as them:
            for probe, vote in zip(them, votes, strict=True):
                if vote == "fails":
                    probe.answer(Vote, RemoteError("no"))
            try:
                results = await bus.ask(VOTERS, Vote(1), quorum=quorum)
            except QuorumFailed as failed:
                answered, enough = len(failed.results.answers), False
            else:
                answered, enough = len(results.answers), True
            assert (votes.count("answers") >= quorum) is enough
            assert (answered >= quorum) is enough

    asyncio.run(scenario())


async def test_a_message_that_is_of_the_wrong_type_fails_for_each() -> None:
    async with Bus() as bus, voters(bus, 2) as them:
        wrong: GroupAddress[object] = EVERYONE / "votes"
        results = await bus.tell(wrong, "not a vote")
        assert {peer: type(error) for peer, error in results.errors.items()} == {
            probe.id: MessageTypeError for probe in them
        }
