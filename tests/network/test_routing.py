"""Routing by role between whole nodes: who is chosen, what becomes of the rest, and that one peer is nobody's brake."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import pytest
from clusters import assert_ledgers, lane
from encodes import Encodes

from peerbus.actors import (
    EVERYONE,
    Channel,
    DeadlineExceeded,
    GroupAddress,
    Outcome,
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
from peerbus.node import Node
from peerbus.testing import FaultyNetwork, Simulation

HEARTBEAT = 1.0


@dataclass(frozen=True, slots=True)
class Note:
    number: int
    data: bytes = b""


@pytest.fixture
def encodes(monkeypatch: pytest.MonkeyPatch) -> Encodes:
    """How often a Note is encoded."""
    return Encodes(Note, "number", monkeypatch)


@dataclass(frozen=True)
class Get:
    height: int


@dataclass(frozen=True)
class Append:
    height: int


class Archive(Reactor):
    """Answers with its node's name; as slowly as it is told to, or not at all."""

    channel = Channel("archive", messages=(Get, Append, Note), idempotent=(Get,), window=8)

    def __init__(self) -> None:
        super().__init__()
        self.delay = 0.0
        self.fails = False
        self.got = 0
        self.appended: list[int] = []
        self.cancelled = 0

    @handles(Get, reentrant=True)
    async def get(self, get: Get) -> str:
        self.got += 1
        if self.fails:
            raise RemoteError("not_found", str(get.height))
        return await self._slowly()

    @handles(Append, reentrant=True)
    async def append(self, append: Append) -> str:
        self.appended.append(append.height)
        return await self._slowly()

    @handles(Note)
    async def note(self, note: Note) -> str:
        self.got += 1
        return await self._slowly()

    async def _slowly(self) -> str:
        try:
            await asyncio.sleep(self.delay)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return self.bus.name


R = TypeVar("R")

ONE = Role("archive") / Archive
ALL = Role("archive", "all") / Archive


def archive(node: Node) -> Archive:
    cell = node.bus.cell("archive")
    assert cell is not None
    assert isinstance(cell.actor, Archive)
    return cell.actor


async def cluster(sim: Simulation, count: int) -> tuple[Node, list[Node]]:
    """A node that asks, and that many archives; all of them are connected to it."""
    archives = [
        await sim.node(f"archive-{number}", offers={"archive"}, reactors=[Archive], heartbeat=HEARTBEAT)
        for number in range(count)
    ]
    asker = await sim.node("asker", channels=[Archive.channel], heartbeat=HEARTBEAT)
    await sim.until(lambda: len(asker.bus.routes.offering("archive", "archive")) == count, within=30)
    return asker, archives


@pytest.mark.seeds(4)
async def test_a_peer_that_fails_at_once_does_not_draw_asks_and_comes_back_when_it_is_well(sim: Simulation) -> None:
    asker, archives = await cluster(sim, 3)
    sim.network.shape(latency=0.01)
    for node in archives[1:]:
        archive(node).delay = 0.03
    archive(archives[0]).fails = True
    for number in range(300):
        await asyncio.sleep(0.05)
        await asyncio.gather(asker.ask(ONE, Get(number)), return_exceptions=True)
    assert archive(archives[0]).got <= 15  # of 300; each failure is remembered for some seconds
    archive(archives[0]).fails = False
    await asyncio.sleep(60)
    before = archive(archives[0]).got
    for number in range(300):
        await asyncio.sleep(0.05)
        await asker.ask(ONE, Get(number))
    assert archive(archives[0]).got - before > 100


@pytest.mark.seeds(4)
async def test_a_slow_peer_gets_little_of_the_work(sim: Simulation) -> None:
    asker, archives = await cluster(sim, 3)
    sim.network.shape(latency=0.002)
    archive(archives[0]).delay = 1.0

    async def ask_often() -> None:
        for number in range(100):
            await asker.ask(ONE, Get(number), timeout=10)

    await asyncio.gather(*(ask_often() for _ in range(3)))
    got = Counter({node.name: archive(node).got for node in archives})
    assert got["archive-0"] <= 30
    assert min(got["archive-1"], got["archive-2"]) >= 80


@pytest.mark.seeds(6)
async def test_an_idempotent_ask_survives_the_crash_of_the_one_that_was_asked(sim: Simulation) -> None:
    asker, archives = await cluster(sim, 3)
    for node in archives:
        archive(node).delay = 5.0
    asks = [asyncio.ensure_future(awaited(asker.ask(ONE, Get(number)))) for number in range(12)]
    risky = [asyncio.ensure_future(awaited(asker.ask(ONE, Append(number)))) for number in range(12)]
    await asyncio.sleep(1)
    for node in archives:
        archive(node).delay = 0.1
    sim.crash("archive-0")
    answers = await asyncio.gather(*asks)
    assert set(answers) <= {"archive-1", "archive-2"}
    outcomes = await asyncio.gather(*risky, return_exceptions=True)
    lost = [each for each in outcomes if not isinstance(each, str)]
    assert lost
    assert all(isinstance(each, PeerGone) and each.tried == (archives[0].node_id,) for each in lost)
    handled = Counter(number for node in archives for number in archive(node).appended)
    assert max(handled.values()) == 1  # never twice
    assert_ledgers(asker)


@pytest.mark.seeds(6)
async def test_archives_that_stop_in_order_one_after_the_other_lose_no_idempotent_ask(sim: Simulation) -> None:
    asker, archives = await cluster(sim, 4)
    for node in archives:
        archive(node).delay = 0.02
    answers: list[str] = []

    async def ask_often() -> None:
        for number in range(60):
            answers.append(await asker.ask(ONE, Get(number), reply=str))

    askers = [asyncio.ensure_future(ask_often()) for _ in range(4)]
    for node in archives[:3]:
        await asyncio.sleep(0.2)
        await node.aclose()
    await asyncio.gather(*askers)
    assert len(answers) == 240
    assert set(answers[-20:]) == {"archive-3"}


@pytest.mark.seeds(6)
async def test_what_waited_for_credit_of_a_peer_that_crashed_goes_to_another_whatever_it_is(sim: Simulation) -> None:
    asker, (first,) = await cluster(sim, 1)
    archive(first).delay = 100.0
    notes = [asyncio.ensure_future(awaited(asker.ask(ONE, Note(number), timeout=90))) for number in range(9)]
    await sim.until(
        lambda: lane(asker, first, "archive").waiting == 1, within=1
    )  # the last, for the credit of the first
    asking = asyncio.ensure_future(awaited(asker.ask(ONE, Append(1), timeout=60)))
    await asyncio.sleep(1)
    second = await sim.node("second", offers={"archive"}, reactors=[Archive])
    await sim.until(lambda: second.node_id in asker.peers, within=30)
    sim.crash(first)
    assert await asking == "second"
    assert archive(second).appended == [1]
    outcomes = await asyncio.gather(*notes, return_exceptions=True)
    assert sum(isinstance(each, PeerGone) for each in outcomes) >= 8  # what was sent may have been handled
    assert all(each == "second" or isinstance(each, PeerGone) for each in outcomes)
    assert_ledgers(asker)


@pytest.mark.seeds(4)
async def test_the_loser_of_a_hedged_ask_is_cancelled_at_the_far_side(sim: Simulation) -> None:
    asker, archives = await cluster(sim, 2)
    for node in archives:
        archive(node).delay = 3.0
    asking = asyncio.ensure_future(awaited(asker.ask(ONE, Get(1), hedge=0.05)))
    await sim.until(lambda: all(archive(node).got for node in archives), within=1)
    assert await asking in {"archive-0", "archive-1"}
    await sim.quiet()
    assert [archive(node).cancelled for node in archives].count(1) == 1
    assert sum(connection.asks_in_flight for connection in asker.snapshot().connections.values()) == 0


@pytest.mark.seeds(4)
async def test_asks_beyond_a_quorum_are_cancelled_at_the_far_side(sim: Simulation) -> None:
    asker, archives = await cluster(sim, 4)
    for node in archives[2:]:
        archive(node).delay = 30.0
    results = await asker.ask(ALL, Get(1), reply=str, quorum=2)
    assert set(results.answers.values()) == {"archive-0", "archive-1"}
    assert set(results.abandoned) == {node.node_id for node in archives[2:]}
    await sim.quiet()
    assert [archive(node).cancelled for node in archives] == [0, 0, 1, 1]
    before = sim.time
    sim.crash("archive-2")
    sim.crash("archive-3")
    with pytest.raises(QuorumFailed):
        await asker.ask(ALL, Get(1), quorum=Share(0.9), timeout=60)
    assert sim.time - before < 30


@pytest.mark.seeds(4)
async def test_an_ask_waits_until_a_peer_that_offers_the_role_is_found(sim: Simulation) -> None:
    asker = await sim.node("asker", channels=[Archive.channel])
    asking = asyncio.ensure_future(awaited(asker.ask(ONE, Get(1), timeout=60, wait_for_peer=True)))
    await asyncio.sleep(5)
    other = await sim.node("other", reactors=[Archive])
    await sim.until(lambda: other.node_id in asker.peers, within=30)
    assert not asking.done()
    other.offer("archive{from=0}")
    assert await asking == "other"


# One message to many.


async def crowd(sim: Simulation, network: FaultyNetwork) -> tuple[Node, dict[str, Node]]:
    """Six archives: one is silent, one reads slowly, one has crashed, three are well."""
    asker, archives = await cluster(sim, 6)
    names = ("silent", "slow", "crashed", "well-1", "well-2", "well-3")
    them = dict(zip(names, archives, strict=True))
    network.silence(asker, them["silent"])
    network.slow_reader(them["slow"], asker, 2000)
    sim.crash(them["crashed"], reset=False)
    return asker, them


@pytest.mark.seeds(6)
@pytest.mark.parametrize("group", [EVERYONE / Archive, ALL, Role("archive", Several(6)) / Archive])
async def test_one_message_to_many_is_encoded_once_and_says_who_got_it(
    sim: Simulation, network: FaultyNetwork, encodes: Encodes, group: GroupAddress[Any]
) -> None:
    asker, them = await crowd(sim, network)
    note = encodes.of = Note(1, bytes(500))
    began = sim.time
    asking = asyncio.ensure_future(awaited(asker.ask(group, note, timeout=3)))
    well = [them[name] for name in ("well-1", "well-2", "well-3")]
    await sim.until(lambda: all(archive(node).got for node in well), within=0.5)
    results = await asking
    assert encodes.count == 1
    assert sim.time - began <= 3.1
    ids = {node.node_id: name for name, node in them.items()}
    assert [*results] == sorted(ids)
    assert {ids[peer]: answer for peer, answer in results.answers.items()} == {
        "well-1": "archive-3",
        "well-2": "archive-4",
        "well-3": "archive-5",
        "slow": "archive-1",
    }
    assert {ids[peer] for peer in results.errors} == {"silent", "crashed"}
    assert all(isinstance(error, DeadlineExceeded | PeerGone) for error in results.errors.values())
    assert_ledgers(asker)


@pytest.mark.seeds(6)
async def test_tells_to_many_pass_those_by_that_take_nothing(
    sim: Simulation, network: FaultyNetwork, encodes: Encodes
) -> None:
    asker, them = await crowd(sim, network)
    well = [them[name] for name in ("well-1", "well-2", "well-3")]
    reasons: Counter[str] = Counter()
    for number in range(12):  # more than the window of those that take nothing
        began = sim.time
        note = encodes.of = Note(number, bytes(100))
        results = await asker.tell(ALL, note, timeout=0.5)
        assert {node.node_id for node in well} <= set(results.answers)
        reasons.update(error.reason for error in results.errors.values() if isinstance(error, SendError))
        assert sim.time - began <= 0.6
        await sim.until(partial(all_got, well, number + 1), within=0.5)
    assert encodes.count == 12
    assert set(reasons) <= {"deadline_credit", "peer_gone"}
    assert reasons["deadline_credit"] > 0
    for node in them.values():
        if node.node_id in asker.peers:
            counted = lane(asker, node, "archive")
            assert counted.sent == counted.delivered + sum(counted.failed.values()) + counted.queued + (
                counted.unconfirmed + counted.waiting
            )
    assert_ledgers(asker)


def all_got(nodes: list[Node], count: int) -> bool:
    return all(archive(node).got == count for node in nodes)


async def awaited(outcome: Outcome[R]) -> R:
    return await outcome
