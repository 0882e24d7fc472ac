"""The operator's levers, pulled on whole nodes that run: in simulation, and from a thread on real sockets."""

from __future__ import annotations

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.discovery import PeerBanned, PeerDown, PeerOptions, PeerUnbanned, PeerUp
from peerbus.node import Node
from peerbus.testing import Simulation
from peerbus.testing.sim.faulty_network import FaultyNetwork

TIMES = PeerOptions(min_retry=0.1, max_retry=2.0, max_retry_persistent=1.0, disconnect_cooldown=0.2, stable_after=1.0)


@pytest.mark.seeds(5)
async def test_a_peer_is_dialed_and_disconnected_by_hand(sim: Simulation) -> None:
    alice = await sim.node("alice", discover=False, options=TIMES)
    bob = await sim.node("bob", discover=False, options=TIMES)
    assert await alice.dial("memory://bob")
    await sim.until(lambda: alice.peers and bob.peers, within=5)
    again = await alice.dial("memory://bob")
    assert (again.done, again.reason) == (False, "already")
    assert (await alice.dial(bob.node_id)).reason == "connected"
    with alice.subscribe(PeerDown, PeerUp) as events:
        assert await alice.disconnect(bob.node_id, "maintenance")
        assert await events.get() == PeerDown(bob.node_id, "maintenance")
        assert isinstance(await events.get(), PeerUp)  # it is persistent
    assert not await alice.disconnect("f" * 64)


@pytest.mark.seeds(5)
async def test_a_banned_peer_is_gone_until_the_ban_ends_and_comes_back_by_itself(sim: Simulation) -> None:
    alice = await sim.node("alice", options=TIMES)
    bob = await sim.node("bob", options=TIMES)
    await sim.until(lambda: alice.peers and bob.peers, within=5)
    with alice.subscribe(PeerBanned, PeerUnbanned, PeerDown) as events:
        assert await alice.ban(bob.node_id, seconds=60, reason="too loud")
        banned = await events.get()
        assert isinstance(banned, PeerBanned)
        assert (banned.ban.target, banned.ban.reason) == (bob.node_id, "too loud")
        assert await events.get() == PeerDown(bob.node_id, "banned")
        await sim.until(lambda: not bob.peers, within=5)
        await sim.run_for(40)
        assert not alice.peers
        assert [ban.reason for ban in alice.snapshot().peers.bans] == ["too loud"]
        assert await events.get() == PeerUnbanned(bob.node_id)
    await sim.until(lambda: alice.peers and bob.peers, within=10)
    assert alice.snapshot().peers.bans == ()


@pytest.mark.seeds(5)
async def test_a_ban_that_is_lifted_lets_the_peer_in_again(sim: Simulation) -> None:
    alice = await sim.node("alice", options=TIMES)
    bob = await sim.node("bob", options=TIMES)
    await sim.until(lambda: alice.peers, within=5)
    assert await alice.ban(bob.node_id)
    await sim.until(lambda: not bob.peers, within=5)
    assert await alice.unban(bob.node_id)
    assert (await alice.unban(bob.node_id)).reason == "not_banned"
    await sim.until(lambda: alice.peers, within=10)


@pytest.mark.seeds(5)
async def test_persistent_and_seed_peers_are_added_and_removed_while_the_node_runs(sim: Simulation) -> None:
    alice = await sim.node("alice", discover=False, options=TIMES)
    bob = await sim.node("bob", discover=False, options=TIMES)
    assert (await alice.remove_persistent("memory://bob")).reason == "not_persistent"
    assert await alice.add_persistent("memory://bob")
    await sim.until(lambda: alice.peers, within=5)
    assert await alice.remove_persistent("memory://bob")
    (peer,) = alice.snapshot().peers.peers
    assert (peer.up, peer.persistent) == (True, False)
    assert await bob.add_seed("memory://carol")
    assert (await bob.add_seed("memory://carol")).reason == "already"
    carol = await sim.node("carol", discover=False, options=TIMES)
    await sim.until(lambda: carol.node_id in bob.peers, within=60)
    assert await bob.remove_seed("memory://carol")
    assert (await bob.remove_seed("memory://carol")).reason == "not_seed"


@pytest.mark.seeds(5)
async def test_a_node_is_emptied_and_filled_again(sim: Simulation, network: FaultyNetwork) -> None:
    alice = await sim.node("alice", options=TIMES)
    bob = await sim.node("bob", options=TIMES)
    await sim.until(lambda: alice.peers and bob.peers, within=5)
    assert await alice.drain(within=1.0)
    assert (await alice.drain()).reason == "already"
    await sim.until(lambda: not alice.peers and not bob.peers, within=5)
    await sim.run_for(30)
    assert alice.snapshot().peers.draining
    assert not alice.peers
    assert bob.snapshot().peers.failed.get("draining", 0) > 0  # bob was told why
    assert await alice.undrain()
    await sim.until(lambda: alice.peers and bob.peers, within=60)


@pytest.mark.seeds(5)
async def test_a_score_is_fixed_and_let_go(sim: Simulation) -> None:
    alice = await sim.node("alice", options=TIMES)
    bob = await sim.node("bob", options=TIMES)
    await sim.until(lambda: alice.peers, within=5)
    assert await alice.set_score(bob.node_id, 12.0)
    assert [peer.score for peer in alice.snapshot().peers.peers] == [12.0]
    assert (await alice.set_score(bob.node_id, 1e6)).reason == "bounds"
    assert await alice.set_score(bob.node_id, None)
    assert [peer.score for peer in alice.snapshot().peers.peers] == [0.0]


async def test_what_is_malformed_is_an_error_and_pulls_nothing(sim: Simulation) -> None:
    alice = await sim.node("alice", discover=False)
    with pytest.raises(ConfigError, match="ban: 'nobody' is no node id"):
        alice.ban("nobody")
    with pytest.raises(ConfigError, match="add_persistent"):
        alice.add_persistent("nowhere")
    with pytest.raises(ConfigError, match=r"add_seed: tcp://0\.0\.0\.0:7400 is where a node listens"):
        alice.add_seed("tcp://0.0.0.0:7400")


def test_a_node_that_does_not_run_has_no_levers() -> None:
    with pytest.raises(ConfigError, match="does not run yet"):
        Node("idle").drain()


def test_levers_work_from_another_thread_over_real_sockets() -> None:
    alice = Node("alice", listen=["tcp://127.0.0.1:0"], options=TIMES).start()
    bob = Node("bob", listen=["tcp://127.0.0.1:0"], options=TIMES).start()
    try:
        assert alice.dial(bob.endpoints[0]).get(timeout=10)
        assert not alice.dial(bob.endpoints[0]).get(timeout=10)
        assert alice.ban("127.0.0.0/8", reason="test").get(timeout=10)
        assert alice.unban("127.0.0.0/8").get(timeout=10)
        assert alice.set_score(bob.node_id, 5.0).get(timeout=10).reason == "kept"
        assert alice.drain(within=0.1).get(timeout=10)
    finally:
        alice.stop()
        bob.stop()
