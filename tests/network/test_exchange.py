"""Peer exchange on whole nodes, honest ones and one that lies, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

import pytest

from peerbus.actors import Peer, Reactor, RemoteError, handles
from peerbus.discovery import PeerDown, PeerOptions
from peerbus.discovery.facts.require import Require
from peerbus.discovery.pex.exchange import GetPeers, PeerExchange, PeerRecords
from peerbus.discovery.pex.options import PexOptions
from peerbus.discovery.pex.values import PexStatistics
from peerbus.discovery.records.record import sign_record
from peerbus.node import Node
from peerbus.testing import Simulation
from peerbus.transports import Endpoint, Identity
from peerbus.transports.sending.link import PeerLink

Answer = Callable[[GetPeers], Sequence[bytes]]


class Mock(Reactor):
    """Speaks the protocol and does as it is told; it never asks."""

    channel = PeerExchange.channel

    def __init__(self, asked: list[GetPeers], answer: Answer | None = None) -> None:
        super().__init__()
        self._asked = asked
        self._answer = answer

    @handles(GetPeers, reentrant=True)
    async def serve(self, request: GetPeers) -> PeerRecords:
        self._asked.append(request)
        if self._answer is None:
            await asyncio.sleep(1e6)
            raise AssertionError("nobody waits that long")
        return PeerRecords(tuple(self._answer(request)))

    @handles(PeerRecords)
    def ignore(self, _records: PeerRecords) -> None:
        """What nobody asked for."""


def statistics(node: Node) -> PexStatistics:
    found = node.snapshot().pex
    assert found is not None
    return found


def known(node: Node) -> set[str]:
    """The other nodes that it knows."""
    return {peer.node_id for peer in node.snapshot().peers.peers if peer.node_id is not None}


def record_of(node: Node, sim: Simulation, **changes: object) -> bytes:
    """A record that `node` might sign."""
    fields: dict[str, object] = {
        "network": "peerbus",
        "sequence": int(sim.loop.wall_time() * 1000),
        "expires": int(sim.loop.wall_time() + 3600),
        "endpoints": [Endpoint("memory", path=node.name)],
    }
    return sign_record(node.identity, **{**fields, **changes}).data  # type: ignore[arg-type]  # fields by name


def stranger(number: int, **changes: object) -> bytes:
    """The record of a node that is not there."""
    fields: dict[str, object] = {
        "network": "peerbus",
        "sequence": 1,
        "expires": 1_767_225_600 + 3600,
        "endpoints": [Endpoint("memory", path=f"nobody{number}")],
    }
    made = sign_record(Identity.from_seed(number.to_bytes(32, "big")), **{**fields, **changes})  # type: ignore[arg-type]  # fields by name
    return made.data


async def real_and_mock(
    sim: Simulation, answer: Answer | None = None, *, pex: PexOptions | bool = True
) -> tuple[Node, Node, list[GetPeers]]:
    """A node, and a mock that dialed it."""
    asked: list[GetPeers] = []
    real = await sim.node("real", discover=False, pex=pex)
    mock = await sim.node("mock", discover=False, peers=["real"], reactors=[partial(Mock, asked, answer)])
    await sim.until(lambda: real.peers and mock.peers, within=5)
    return real, mock, asked


async def ask(mock: Node, real: Node, role: str = "", limit: int = 100) -> tuple[bytes, ...]:
    answer = await mock.ask(Peer(real.node_id) / PeerExchange, GetPeers(role, limit), reply=PeerRecords, timeout=5)
    return answer.records


# One node and a mock.


async def test_a_node_asks_its_peer_and_answers_it_with_the_right_list(sim: Simulation) -> None:
    carol = await sim.node("carol", discover=False, offers={"archive"})
    real, mock, asked = await real_and_mock(sim, lambda _: [record_of(carol, sim, sequence=1)])
    await sim.until(lambda: carol.node_id in real.peers, within=10)
    assert asked[0] == GetPeers("", 100)
    link = real.bus.routes.peers[carol.node_id]
    assert isinstance(link, PeerLink)
    assert await ask(mock, real) == (link.record,)
    await sim.run_for(2)
    assert await ask(mock, real, "archive") == (link.record,)
    await sim.run_for(2)
    assert await ask(mock, real, "index") == ()


async def test_a_second_request_within_100_ms_is_refused_as_too_soon(sim: Simulation) -> None:
    real, mock, _ = await real_and_mock(sim, lambda _: ())
    await ask(mock, real)
    await sim.run_for(0.09)
    with pytest.raises(RemoteError, match="too_soon"):
        await ask(mock, real)
    await sim.run_for(1.0)
    await ask(mock, real)
    assert statistics(real).too_soon == 1
    assert statistics(real).faults == {}


async def test_an_unsolicited_answer_is_a_fault(sim: Simulation) -> None:
    real, mock, _ = await real_and_mock(sim, lambda _: ())
    await mock.tell(Peer(real.node_id) / PeerExchange, PeerRecords((stranger(1),)))
    await sim.until(lambda: statistics(real).faults == {"unsolicited": 1}, within=1)
    assert known(real) == {mock.node_id}


@pytest.mark.parametrize("size", [101, 1001])
async def test_an_answer_of_more_than_100_records_is_a_fault(sim: Simulation, size: int) -> None:
    real, mock, _ = await real_and_mock(sim, lambda _: [b""] * size)
    await sim.until(lambda: statistics(real).faults == {"too_many": 1}, within=5)
    assert known(real) == {mock.node_id}


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ((stranger(1)[:-1] + b"\x00",), "forged_record"),
        ((stranger(1, network="other"),), "foreign_record"),
        ((stranger(1, expires=1_767_225_600 - 90_000),), "stale_record"),
        ((stranger(1, private=True),), "private_record"),
        ((bytes(2049),), "too_many"),
    ],
    ids=["forged", "foreign", "stale", "private", "too large"],
)
async def test_a_lie_is_a_fault_and_nominates_nobody(sim: Simulation, answer: tuple[bytes, ...], fault: str) -> None:
    real, mock, _ = await real_and_mock(sim, lambda _: answer)
    await sim.until(lambda: statistics(real).faults == {fault: 1}, within=5)
    await sim.quiet()
    assert known(real) == {mock.node_id}


async def test_a_request_that_is_not_answered_expires_and_the_peer_is_asked_again(sim: Simulation) -> None:
    real, _, asked = await real_and_mock(sim)
    await sim.until(lambda: len(asked) == 2, within=30)
    assert statistics(real).faults == {"no_answer": 1}
    assert sim.time >= 5.0


async def test_who_sends_what_nobody_asked_for_is_banned_in_the_end(sim: Simulation) -> None:
    real, mock, _ = await real_and_mock(sim, lambda _: ())
    with real.subscribe(PeerDown) as downs:
        for _ in range(5):
            await mock.tell(Peer(real.node_id) / PeerExchange, PeerRecords(()))
        assert (await downs.get()).reason == "banned"
    (ban,) = real.snapshot().peers.bans
    assert (ban.target, ban.reason) == (mock.node_id, "unsolicited")


async def test_a_chatty_neighbour_does_not_starve_our_own_polling(sim: Simulation) -> None:
    real, mock, asked = await real_and_mock(sim, lambda _: ())

    async def chat() -> None:
        for number in range(1_000_000):
            mock.offer(f"index{{at={number}}}")  # a new record each time
            if number % 20 == 0:
                await ask(mock, real)
            await asyncio.sleep(0.05)

    chatting = asyncio.create_task(chat())
    await sim.run_for(35)
    chatting.cancel()
    # Waits are 2 s and twice as long after each answer without news, each up to a quarter longer.
    assert 4 <= len(asked) <= 6


async def test_a_reconnect_clears_the_rate(sim: Simulation) -> None:
    options = PeerOptions(disconnect_cooldown=0.0, min_retry=0.01, retry_jitter=0.0)
    real = await sim.node("real", discover=False, pex=True, options=options)
    mock = await sim.node(
        "mock", discover=False, peers=["real"], reactors=[partial(Mock, [], lambda _: ())], options=options
    )
    await sim.until(lambda: real.peers and mock.peers, within=5)
    await ask(mock, real)
    mock.disconnect(real.node_id)
    await sim.until(lambda: not real.peers, within=5)
    await sim.until(lambda: real.peers and mock.peers, within=5)
    await ask(mock, real)
    assert statistics(real).too_soon == 0


async def test_a_seed_answers_and_frees_the_slot_within_seconds(sim: Simulation) -> None:
    real, mock, _ = await real_and_mock(sim, lambda _: (), pex=PexOptions(seed=True))
    carol = await sim.node("carol", discover=False, peers=["real"], reactors=[partial(Mock, [], lambda _: ())])
    await sim.until(lambda: carol.node_id in real.peers, within=5)
    with mock.subscribe(PeerDown) as downs:
        assert len(await ask(mock, real)) == 1
        answered = sim.time
        assert (await downs.get()).reason == "peer_seed"
        assert 2 <= sim.time - answered <= 4
    await sim.until(lambda: carol.node_id not in real.peers, within=20)  # whoever does not ask goes as well


async def test_one_liar_gets_a_bounded_share_of_what_is_known(sim: Simulation) -> None:
    batch = iter(range(1_000_000))
    real, _, asked = await real_and_mock(
        sim, lambda _: [stranger(next(batch)) for _ in range(50)], pex=PexOptions(max_records=100)
    )
    await sim.until(lambda: len(asked) >= 10, within=60)
    assert statistics(real).records <= 100 // 4 + 1
    assert statistics(real).faults == {}


# Whole networks.


@pytest.mark.seeds(5)
async def test_in_a_ring_of_four_all_learn_of_all(sim: Simulation) -> None:
    names = ["alice", "bob", "carol", "dave"]
    for name, following in zip(names, names[1:] + names[:1], strict=True):
        await sim.node(name, discover=False, peers=[following], pex=True)
    nodes = sim.nodes.values()
    await sim.until(lambda: all(len(node.peers) == 3 for node in nodes), within=30)


@pytest.mark.seeds(2)
async def test_ten_late_joiners_and_five_that_were_there_all_know_fourteen(sim: Simulation) -> None:
    for number in range(5):
        await sim.node(f"early{number}", discover=False, peers=[f"early{(number + 1) % 5}"], pex=True)
    await sim.run_for(sim.rng.uniform(0.0, 60.0))
    for number in range(10):
        await sim.node(f"late{number}", discover=False, peers=["early0"], pex=True)
        await sim.run_for(sim.rng.uniform(0.0, 2.0))
    nodes = sim.nodes.values()
    await sim.until(lambda: all(len(known(node)) == 14 for node in nodes), within=120)


@pytest.mark.seeds(5)
async def test_eight_nodes_with_books_of_four_become_nine_tenths_full(sim: Simulation) -> None:
    options = PeerOptions(max_known=4, max_connected=3, max_connected_upgrade=0)
    for number in range(8):
        await sim.node(f"node{number}", discover=False, peers=[f"node{(number + 1) % 8}"], pex=True, options=options)
    nodes = sim.nodes.values()
    await sim.until(lambda: all(len(known(node)) >= 4 * 0.9 for node in nodes), within=120)
    assert all(len(known(node)) <= 4 for node in nodes)


@pytest.mark.seeds(5)
async def test_three_nodes_with_room_for_25_all_know_two(sim: Simulation) -> None:
    options = PeerOptions(max_known=25, max_connected=20, max_outgoing=20)
    for name, peers in (("alice", []), ("bob", ["alice"]), ("carol", ["alice"])):
        await sim.node(name, discover=False, peers=peers, pex=True, options=options)
    await sim.until(lambda: all(len(known(node)) == 2 for node in sim.nodes.values()), within=30)


async def test_a_role_that_is_offered_at_run_time_is_known_to_who_never_met_its_node(sim: Simulation) -> None:
    options = PeerOptions(max_connected=1, max_known=10)
    hub = await sim.node("hub", discover=False, pex=True)
    bob = await sim.node("bob", discover=False, peers=["hub"], pex=True, options=options)
    alice = await sim.node("alice", discover=False, peers=["hub"], pex=True, options=options)

    def roles_by_hearsay() -> tuple[str, ...]:
        views = alice.snapshot().peers.peers
        return next((view.roles for view in views if view.node_id == bob.node_id), ())

    await sim.until(lambda: bob.node_id in known(alice), within=120)
    assert alice.peers == (hub.node_id,)
    bob.offer("archive")
    await sim.until(lambda: roles_by_hearsay() == ("archive",), within=120)
    bob.withdraw("archive")
    await sim.until(lambda: roles_by_hearsay() == (), within=120)


@pytest.mark.seeds(5)
async def test_a_private_node_is_known_to_nobody_but_its_own_peers(sim: Simulation) -> None:
    # Without peer exchange of its own: else it would hear of the others, and dial them.
    hidden = await sim.node("hidden", discover=False, private=True)
    sentry = await sim.node("sentry", discover=False, peers=["hidden"], pex=True)
    for name in ("alice", "bob", "carol"):
        await sim.node(name, discover=False, peers=["sentry"], pex=True)
    await sim.run_for(300)
    others = [node for node in sim.nodes.values() if node not in (hidden, sentry)]
    assert all(len(known(node)) == 3 for node in others)
    assert all(hidden.node_id not in known(node) for node in others)
    assert hidden.node_id in sentry.peers


async def test_what_mdns_found_is_not_told_by_peer_exchange_and_the_other_way_round(sim: Simulation) -> None:
    hub = await sim.node("hub", pex=True, options=PeerOptions(max_connected=1, max_known=10))
    alice = await sim.node("alice", discover=False, peers=["hub"], pex=True)
    await sim.until(lambda: alice.peers, within=10)
    found = await sim.node("found")  # for which the hub has no slot
    await sim.until(lambda: found.node_id in known(hub), within=10)
    await sim.run_for(200)
    assert known(alice) == {hub.node_id}
    sources = {view.node_id: {s for a in view.addresses for s in a.sources} for view in hub.snapshot().peers.peers}
    assert sources[found.node_id] == {"mdns"}
    assert sources[alice.node_id] == {"pex"}


async def test_who_requires_a_role_asks_for_it_and_dials_who_offers_it(sim: Simulation) -> None:
    archive = await sim.node("archive", discover=False, offers={"archive"})
    asked: list[GetPeers] = []
    mock = partial(Mock, asked, lambda request: [record_of(archive, sim, sequence=1)] if request.role else [])
    await sim.node("mock", discover=False, reactors=[mock])
    real = await sim.node(
        "real", discover=False, peers=["mock"], pex=True, requires=[Require(role="archive", at_least=1)]
    )
    await sim.until(lambda: archive.node_id in real.peers, within=10)
    assert "archive" in {request.role for request in asked}
    asked.clear()
    await sim.run_for(300)
    assert {request.role for request in asked} == {""}  # nothing is lacking any more
