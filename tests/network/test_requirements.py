"""What the operator requires of the peers together is met, kept, never at another's cost to and fro, and said aloud."""

from __future__ import annotations

import pytest

from peerbus.discovery import PeerDown, PeerOptions, Require, RequirementMet, RequirementUnmet
from peerbus.testing import Simulation

SMALL = PeerOptions(
    max_connected=4,
    max_connected_upgrade=1,
    max_outgoing=4,
    min_retry=0.2,
    max_retry=5.0,
    disconnect_cooldown=0.5,
    stable_after=2.0,
)


@pytest.mark.seeds(12)
async def test_archives_take_the_places_of_others_until_there_are_enough_and_then_nobody_moves(sim: Simulation) -> None:
    alice = await sim.node("alice", options=SMALL, requires=[Require(role="archive", at_least=2)])
    others = ["plain 1", "plain 2", "plain 3", "plain 4", "archive 1", "archive 2", "archive 3"]
    sim.rng.shuffle(others)
    with alice.subscribe(PeerDown) as downs:
        for name in others:
            offers = {"archive"} if name.startswith("archive") else set()
            await sim.node(name.replace(" ", "-"), offers=offers)
            await sim.run_for(sim.rng.random() * 2)
        await sim.until(lambda: alice.snapshot().peers.requirements[0].met, within=60)
        await sim.run_for(10)
        while downs.get_nowait() is not None:
            pass
        await sim.run_for(40)
        assert alice.snapshot().peers.requirements[0].met
        assert len(alice.peers) <= 4
        assert downs.get_nowait() is None


@pytest.mark.seeds(5)
async def test_a_share_is_met_as_peers_come_and_an_archive_that_leaves_is_replaced(sim: Simulation) -> None:
    alice = await sim.node("alice", options=SMALL, requires=[Require(role="archive", share=0.5)])
    for number in range(4):
        await sim.node(f"plain-{number}")
    for number in range(3):
        await sim.node(f"archive-{number}", offers={"archive"})
    ids = {sim.nodes[f"archive-{number}"].node_id: f"archive-{number}" for number in range(3)}

    def met() -> bool:
        """By connections that are up."""
        return alice.snapshot().peers.requirements[0].met and not ids.keys().isdisjoint(alice.peers)

    await sim.until(lambda: len(alice.peers) >= 3 and met(), within=60)
    sim.crash(next(ids[peer] for peer in alice.peers if peer in ids))
    await sim.until(lambda: len(alice.peers) < 4, within=60)
    await sim.until(lambda: len(alice.peers) == 4 and alice.snapshot().peers.requirements[0].met, within=120)


@pytest.mark.seeds(5)
async def test_subscribers_and_the_snapshot_hear_that_it_cannot_be_met_and_why_and_that_it_is_met(
    sim: Simulation,
) -> None:
    require = Require(role="archive", at_least=1)
    alice = await sim.node("alice", options=SMALL, requires=[require])
    await sim.node("plain")
    with alice.subscribe(RequirementMet, RequirementUnmet) as news:
        await sim.run_for(5)
        (view,) = alice.snapshot().peers.requirements
        assert (view.have, view.want, view.reason) == (0, 1, "unknown")
        assert "nobody else that is known does" in view.text
        archive = await sim.node("archive", offers={"archive"})
        await sim.until(lambda: alice.snapshot().peers.requirements[0].met, within=20)
        assert await news.get() == RequirementMet(require, 1, 1)
        archive.withdraw("archive")
        told = await news.get()
        assert isinstance(told, RequirementUnmet)
        assert (told.require, told.have, told.want, told.reason) == (require, 0, 1, "unknown")
        archive.offer("archive")
        assert await news.get() == RequirementMet(require, 1, 1)


@pytest.mark.seeds(5)
async def test_two_requirements_that_do_not_fit_together_rest_and_say_so(sim: Simulation) -> None:
    options = PeerOptions(max_connected=2, max_connected_upgrade=1, disconnect_cooldown=0.5, min_retry=0.2)
    alice = await sim.node(
        "alice",
        options=options,
        requires=[Require(role="archive", at_least=2), Require(role="index", at_least=1)],
    )
    for number in range(2):
        await sim.node(f"archive-{number}", offers={"archive"})
    await sim.until(lambda: len(alice.peers) == 2, within=20)
    await sim.node("index", offers={"index"})
    with alice.subscribe(PeerDown) as downs:
        await sim.run_for(60)
        assert downs.get_nowait() is None
    archives, index = alice.snapshot().peers.requirements
    assert archives.met
    assert (index.met, index.reason) == (False, "no_slot")
