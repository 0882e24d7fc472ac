"""Networks that find each other by peer exchange alone, under churn and after a partition; `make large` has 200 nodes.

`PEERBUS_NODES` is how many there are; `PEERBUS_DRAW` a path without suffix, where the dials are drawn as SVG and PNG.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from large_networks import DialCounter, Unmet, archives_of, draw_dials, grow, rejoin

from peerbus.discovery import PeerOptions
from peerbus.discovery.facts.require import Require
from peerbus.discovery.pex.options import PexOptions
from peerbus.node import Node
from peerbus.testing import Simulation

NODES = int(os.environ.get("PEERBUS_NODES", "16"))
DRAW = os.environ.get("PEERBUS_DRAW", "")
#: Each minute this share of all nodes crash or come back.
CHURN = 0.1
MINUTES = 1 if NODES < 100 else 5
#: Seconds within which a node has what it needs again: a peer that fell silent is noticed in 10, the rest is dialing.
MET_WITHIN = 30.0
#: Dials of one node in a minute: when everything is new or half of it is gone, and when the network is at rest.
#: Among many the busiest knocks at archive after archive that is full, until its budget ends it: 64 at once, 64 more in
#: a minute, and a budget of its own for a node that is started anew in that minute.
MOST_DIALS, MOST_DIALS_AT_REST = 60 if NODES < 100 else 3 * 64, 15


def test_nodes_that_know_one_seed_outlive_a_churn_of_a_tenth_a_minute() -> None:
    sim = Simulation(seed=0, trace=False)
    dials = DialCounter(sim)
    # A tenth are archives, and everybody needs two: each is needed by twenty, and has room for half as many again. With
    # 24 slots some nodes wait for minutes, as nobody who is there must leave for who comes.
    requires = (Require(role="archive", at_least=2), Require(role="archive", share=0.1))
    options = PeerOptions(max_connected=32, max_outgoing=8, max_known=128, requires=requires)

    def lacks(node: Node) -> bool:
        """By what is true, not by what it believes: of its peers those that live count."""
        alive = {other.node_id for other in sim.nodes.values()}
        peers = [peer for peer in node.peers if peer in alive]
        have = archives_of(node, alive)
        return len(peers) < 4 or any(have < require.wanted(len(peers)) for require in requires)

    async def scenario() -> None:
        await grow(sim, NODES, options, heartbeat=5.0)
        began = sim.time
        while Unmet(sim, lacks).look():  # once a second: to look at 200 nodes after each event takes most of the time
            assert sim.time < began + 60
            await sim.run_for(1.0)
        unmet = Unmet(sim, lacks)
        gone: list[str] = []
        for _ in range(max(1, int(MINUTES * NODES * CHURN))):
            if gone and (len(gone) >= NODES * CHURN or sim.rng.random() < 0.5):
                await rejoin(sim, gone.pop(0))
            else:
                name = sim.rng.choice([name for name in sim.nodes if name != "seed"])
                sim.crash(name, reset=sim.rng.random() < 0.5)
                gone.append(name)
            await unmet.watch(60 / (NODES * CHURN))
        await unmet.watch(MET_WITHIN)
        assert unmet.look() == 0
        assert unmet.longest <= MET_WITHIN, f"from {unmet.began:.0f} s on"

    sim.run(scenario())
    assert dials.most(60, sim.time) <= MOST_DIALS


def test_a_partition_of_half_for_five_minutes_heals_within_30_seconds_and_without_a_dial_storm() -> None:
    sim = Simulation(seed=0, trace=False)
    dials = DialCounter(sim)
    count = min(NODES, 10) if NODES < 100 else 40
    # Whoever wants to be back within half a minute must not wait longer than that between two tries.
    options = PeerOptions(max_outgoing=None, max_retry=20.0)
    cut_at = healed_at = 0.0

    async def scenario() -> None:
        nonlocal cut_at, healed_at
        await grow(sim, count, options, heartbeat=5.0)
        nodes = [node for name, node in sim.nodes.items() if name != "seed"]
        ids = {node.node_id for node in nodes}

        def whole() -> bool:
            return all(ids - {node.node_id} <= set(node.peers) for node in nodes)

        await sim.until(whole, within=60)
        await sim.run_for(120 - sim.time)
        names = [node.name for node in nodes]
        cut_at = sim.time
        sim.network.partition({"seed", *names[::2]}, set(names[1::2]))
        await sim.run_for(300)
        assert all(len(ids & set(node.peers)) == count // 2 - 1 for node in nodes)
        sim.network.heal()
        healed_at = sim.time
        await sim.until(whole, within=30)
        await sim.run_for(540 - sim.time)

    sim.run(scenario())
    assert dials.most(cut_at, healed_at) <= count * 5
    assert dials.most(healed_at, sim.time) <= MOST_DIALS
    assert dials.most(healed_at + 60, sim.time) <= MOST_DIALS_AT_REST
    if DRAW:
        marks = {cut_at / 60: "half of the nodes are cut off", healed_at / 60: "healed"}
        title = f"{count} nodes that all want each other, parted for five minutes"
        draw_dials(dials.minutes(), title, marks, Path(DRAW))


@pytest.mark.seeds(1)
async def test_requirements_are_met_again_within_30_seconds_of_the_end_of_a_partition(sim: Simulation) -> None:
    # By default an ordinary peer may wait for five minutes; whoever is required may not.
    options = PeerOptions(requires=(Require(role="archive", at_least=2),), max_outgoing=4)
    await grow(sim, 10, options, heartbeat=5.0)  # nodes 0 and 5 are archives
    unmet = Unmet(sim, lambda node: len(set(node.bus.routes.roles.get("archive", ()))) < 2 - ("archive" in node.offers))
    await sim.until(lambda: not unmet.look(), within=60)
    names = [name for name in sim.nodes if name != "seed"]
    sim.network.partition({"seed", *names[::2]}, set(names[1::2]))
    await sim.run_for(300)
    assert unmet.look() >= 8
    sim.network.heal()
    await sim.until(lambda: not unmet.look(), within=30)


@pytest.mark.seeds(2)
async def test_a_seed_alone_is_enough_to_find_everybody(sim: Simulation) -> None:
    await grow(sim, 6, PeerOptions(max_outgoing=None), seed=PexOptions(seed=True))
    nodes = [node for name, node in sim.nodes.items() if name != "seed"]
    ids = {node.node_id for node in nodes}
    await sim.until(lambda: all(ids - {node.node_id} <= set(node.peers) for node in nodes), within=60)
    await sim.run_for(120)
    assert len(sim.nodes["seed"].peers) < len(nodes)  # it keeps nobody for long
