"""A connection as an actor: what its parts decide, it does; and whatever is wrong ends it, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from peerbus.actors import Channel, Reactor, handles
from peerbus.discovery import PeerDown, PeerOptions
from peerbus.testing import Simulation
from peerbus.transports.connection.connection import PeerConnection
from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.frames import Cancel, Credit, Frame, Ping, Tell, Welcome

OPTIONS = PeerOptions(min_retry=5.0)


@dataclass(frozen=True)
class Put:
    number: int


class Store(Reactor):
    channel = Channel("store", messages=(Put,))

    @handles(Put)
    def put(self, put: Put) -> None:
        """Kept nowhere."""


WRONG: list[tuple[Frame | bytes, str]] = [
    (b"\x00\x00\x00\x01\xc1", "bad_frame"),
    (b"\xff\xff\xff\xff", "frame_too_large"),
    (Welcome(), "unexpected_frame"),
    (Tell(9, [(1, 0, b"")]), "unknown_channel"),
    (Credit([(0, 1, 1)]), "credit_overflow"),
]


@pytest.mark.parametrize(("said", "reason"), WRONG, ids=[reason for _, reason in WRONG])
@pytest.mark.seeds(1)
async def test_a_peer_that_breaks_the_protocol_is_told_so_and_parted_with(
    sim: Simulation, said: Frame | bytes, reason: str
) -> None:
    alice = await sim.node("alice", reactors=[Store], options=OPTIONS)
    bob = await sim.node("bob", reactors=[Store], options=OPTIONS)
    carol = await sim.node("carol", options=OPTIONS)
    await sim.until(lambda: all(len(node.peers) == 2 for node in (alice, bob, carol)), within=10)
    with alice.subscribe(PeerDown) as ours, bob.subscribe(PeerDown) as theirs:
        stream = next(each for each in sim.network.streams("alice", "bob") if each.peer_id == bob.node_id)
        stream.write(said if isinstance(said, bytes) else FrameEncoder().encode(said))
        assert await theirs.get() == PeerDown(alice.node_id, reason)
        assert await ours.get() == PeerDown(bob.node_id, f"peer_{reason}")
    assert carol.node_id in alice.peers
    assert carol.node_id in bob.peers


@pytest.mark.seeds(1)
async def test_what_is_late_or_unknown_changes_nothing(sim: Simulation) -> None:
    alice, bob = await sim.node("alice", options=OPTIONS), await sim.node("bob", options=OPTIONS)
    await sim.until(lambda: alice.peers and bob.peers, within=10)
    (stream,) = (each for each in sim.network.streams("alice", "bob") if each.peer_id == bob.node_id)
    for frame in (Cancel(77), Ping(5)):
        stream.write(FrameEncoder().encode(frame))
    await sim.run_for(5)
    assert bob.node_id in alice.peers


@pytest.mark.seeds(1)
async def test_a_connection_tells_of_reactors_that_come_and_go_and_of_roles(sim: Simulation) -> None:
    alice = await sim.node("alice", channels=[Store.channel], options=OPTIONS)
    bob = await sim.node("bob", options=OPTIONS)
    await sim.until(lambda: alice.peers and bob.peers, within=10)
    link = alice.bus.routes.peers[bob.node_id]
    store = bob.spawn(Store)
    await sim.until(lambda: link.has("store"), within=5)
    bob.offer("archive")
    await sim.until(lambda: "archive" in link.roles, within=5)
    store.stop(block=False)
    await sim.until(lambda: not link.has("store"), within=5)


@pytest.mark.seeds(1)
async def test_a_defect_of_this_side_ends_the_connection_and_the_peers_meet_again(
    sim: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await sim.node("alice", options=OPTIONS), await sim.node("bob", options=OPTIONS)
    await sim.until(lambda: alice.peers and bob.peers, within=10)

    def fail(connection: PeerConnection, *_: object) -> None:
        raise ZeroDivisionError("a defect")

    with alice.subscribe(PeerDown) as downs:
        monkeypatch.setattr(PeerConnection, "_announce_change", fail)
        monkeypatch.setattr(PeerConnection, "_taken", fail)
        bob.offer("archive")
        assert (await downs.get()).node_id == bob.node_id
        monkeypatch.undo()
    await sim.until(lambda: alice.peers and bob.peers, within=60)
