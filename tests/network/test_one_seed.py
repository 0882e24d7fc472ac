"""More nodes than one seed has slots for, all at once: whom it turns away hears of others from it.

`PEERBUS_NODES` is how many there are; from 100 on the seed has the slots of every node.
"""

from __future__ import annotations

import os

import pytest

from peerbus.discovery import PeerOptions
from peerbus.testing import Simulation

NODES = int(os.environ.get("PEERBUS_NODES", "24"))
#: Few slots, so that few nodes are too many.
OPTIONS = PeerOptions() if NODES >= 100 else PeerOptions(max_connected=8, max_connected_upgrade=1, max_outgoing=3)
#: Seconds within which everybody has a peer.
WITHIN = 30


async def one_seed(sim: Simulation, *, pex: bool) -> None:
    await sim.node("seed", discover=False, pex=pex, options=OPTIONS)
    for number in range(NODES):
        node = await sim.node(f"node{number}", discover=False, pex=pex, options=OPTIONS)
        await node.add_seed("memory://seed")


def alone(sim: Simulation) -> list[str]:
    return [name for name, node in sim.nodes.items() if not node.peers]


@pytest.mark.seeds(3)
async def test_whoever_is_turned_away_by_a_full_seed_has_peers_within_half_a_minute(sim: Simulation) -> None:
    await one_seed(sim, pex=True)
    for _ in range(WITHIN):  # once a second: to look at all after each event takes most of the time
        await sim.run_for(1.0)
        if not alone(sim):
            break
    assert alone(sim) == []
    seed = sim.nodes["seed"].snapshot().peers
    assert seed.refused["full"] > 0, "it had room for all, so this shows nothing"


@pytest.mark.seeds(1)
async def test_where_nobody_exchanges_peers_a_full_seed_names_nobody(sim: Simulation) -> None:
    await one_seed(sim, pex=False)
    await sim.run_for(float(WITHIN))
    assert len(alone(sim)) >= NODES - (OPTIONS.max_connected or 0) - OPTIONS.max_connected_upgrade
