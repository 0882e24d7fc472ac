"""Peers that are wanted are dialed again, whatever became of the last connection."""

from __future__ import annotations

from peerbus.discovery import PeerOptions
from peerbus.testing import Simulation
from peerbus.transports import Identity
from peerbus.transports.streams.transport import HANDSHAKE_TIMEOUT

OPTIONS = PeerOptions(min_retry=0.2, disconnect_cooldown=0.2, max_retry=0.5, max_retry_persistent=0.5)


async def test_a_peer_whose_own_greeting_broke_off_is_dialed_again(sim: Simulation) -> None:
    identity = Identity.from_seed(bytes(32))
    bob = await sim.node("bob", discover=False, peers=[f"memory://{identity.node_id}@alice"], options=OPTIONS)
    alice = await sim.node("alice", discover=False, identity=identity)
    # Her HELLO arrives at once, his is slow: he has accepted her and waits for her WELCOME when she vanishes.
    sim.network.shape_link("bob", "alice", bandwidth=100)
    alice.dial("memory://bob")
    await sim.until(lambda: bob.snapshot().peers.connected, within=5)
    sim.crash("alice", reset=False)
    await sim.run_for(HANDSHAKE_TIMEOUT + 1)
    assert not bob.peers
    await sim.restart("alice", keep_book=False)  # which dials nobody
    await sim.until(lambda: bob.peers, within=10)
