"""What subscribers hear of peers, on whole nodes: ups and downs in order, nothing else, and nobody waits for them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from peerbus.actors import Channel, NoRoute, Reactor, Role, handles
from peerbus.actors.event_stream import MAX_LAG
from peerbus.discovery import PeerDown, PeerOptions, PeerRolesChanged, PeerUp, ScoreReason
from peerbus.discovery.facts.connection_view import Direction
from peerbus.discovery.facts.messages import PeerWasUseful, ReportPeer
from peerbus.testing import Simulation

TIMES = PeerOptions(min_retry=0.1, max_retry=1.0, disconnect_cooldown=0.2, stable_after=1.0)


@dataclass(frozen=True)
class Get:
    key: str


class Store(Reactor):
    channel = Channel("store", messages=(Get,))

    @handles(Get)
    def get(self, wanted: Get) -> str:
        return wanted.key


@pytest.mark.seeds(5)
async def test_a_subscriber_hears_up_and_down_in_their_order_and_nothing_of_mere_acquaintance(sim: Simulation) -> None:
    alice = await sim.node("alice", options=TIMES)
    with alice.subscribe(PeerUp, PeerDown) as first, alice.subscribe(PeerUp, PeerDown) as second:
        cancelled = alice.subscribe(PeerUp, PeerDown)
        bob = await sim.node("bob", options=TIMES)
        await sim.until(lambda: alice.peers, within=5)
        assert isinstance(await cancelled.get(), PeerUp)
        cancelled.close()
        await alice.disconnect(bob.node_id)
        await sim.until(lambda: not alice.peers, within=5)
        await sim.until(lambda: alice.peers, within=20)
        heard = [await first.get() for _ in range(3)]
        assert [type(event) for event in heard] == [PeerUp, PeerDown, PeerUp]
        assert {getattr(event, "node_id", None) for event in heard} == {bob.node_id}
        assert [await second.get() for _ in range(3)] == heard
        assert cancelled.get_nowait() is None
        assert first.get_nowait() is None


@pytest.mark.seeds(3)
async def test_who_hears_that_a_peer_is_up_knows_exactly_what_runs_there_and_can_send(sim: Simulation) -> None:
    alice = await sim.node("alice", channels=[Store.channel])
    with alice.subscribe(PeerUp) as ups:
        bob = await sim.node("bob", reactors=[Store])
        await ups.get()
        link = alice.bus.routes.peers[bob.node_id]
        assert link.has("store")
        assert not link.has("other")


@pytest.mark.seeds(3)
async def test_a_role_is_offered_when_the_reactors_of_its_node_run_and_not_before(sim: Simulation) -> None:
    opened, asked = asyncio.Event(), Role("archive") / Store

    class Slow(Store):
        async def on_start(self) -> None:  # type: ignore[override]  # Pykka knows no async hooks
            await opened.wait()

    alice = await sim.node("alice", channels=[Store.channel])
    with alice.subscribe(PeerUp, PeerRolesChanged) as news:
        starting = asyncio.ensure_future(sim.node("bob", offers={"archive"}, reactors=[Slow]))
        assert isinstance(await news.get(), PeerUp)  # an actor that starts may send to peers
        with pytest.raises(NoRoute):
            await alice.ask(asked, Get("a"))
        waits = asyncio.ensure_future(alice.wait_for_peers(1, role="archive", timeout=60))
        await sim.run_for(10)
        assert not waits.done()
        opened.set()
        bob = await starting
        assert await waits == (bob.node_id,)
        assert await alice.ask(asked, Get("a")) == "a"
        assert await news.get() == PeerRolesChanged(bob.node_id, ("archive",))
        assert news.get_nowait() is None


@pytest.mark.seeds(1)
async def test_a_subscriber_that_stops_reading_loses_the_oldest_and_holds_up_nobody(sim: Simulation) -> None:
    alice = await sim.node("alice", options=TIMES)
    with alice.subscribe(PeerUp) as asleep, alice.subscribe(PeerDown) as awake:
        for number in range(MAX_LAG + 10):
            alice.bus.publish(PeerUp(f"{number:064x}", 1, Direction.DIALED))
            if number % 100 == 0:
                await sim.run_for(0.01)
        alice.bus.publish(PeerDown("0" * 64, "test"))
        assert await awake.get() == PeerDown("0" * 64, "test")
        assert asleep.missed == 10


@pytest.mark.seeds(3)
async def test_actors_report_how_peers_behave_by_messages(sim: Simulation) -> None:
    alice = await sim.node("alice", options=TIMES)
    bob = await sim.node("bob", options=TIMES)
    await sim.until(lambda: alice.peers, within=5)
    alice._say(PeerWasUseful(bob.node_id, 4))
    alice._say(ReportPeer(bob.node_id, ScoreReason.USELESS))
    await sim.run_for(0.1)
    (peer,) = alice.snapshot().peers.peers
    assert 2.9 < peer.score <= 3.0
    alice._say(ReportPeer(bob.node_id, ScoreReason.FORGED_RECORD))
    alice._say(ReportPeer(bob.node_id, ScoreReason.TOO_SOON))
    await sim.until(lambda: not alice.peers, within=5)
    assert [ban.reason for ban in alice.snapshot().peers.bans] == ["too_soon"]
    assert alice.snapshot().peers.reported == {"useful": 4, "useless": 1, "forged_record": 1, "too_soon": 1}
