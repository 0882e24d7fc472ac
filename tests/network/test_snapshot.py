"""The snapshot of a node becomes JSON as it is: every member, of a node that has something of each kind."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from peerbus.actors import LOCAL, Channel, Peer, Reactor, handles
from peerbus.discovery import Require
from peerbus.discovery.mdns.mdns import MdnsStatistics
from peerbus.testing import Simulation


@dataclass(frozen=True)
class Note:
    number: int


class Notes(Reactor):
    channel = Channel("notes", messages=(Note,))

    @handles(Note)
    def note(self, note: Note) -> int:
        if note.number < 0:
            raise ValueError(note.number)
        return note.number


def plain(value: Any) -> None:
    """Of JSON's own types alone."""
    if isinstance(value, dict):
        for key, inner in value.items():
            assert type(key) is str, key
            plain(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            plain(inner)
    else:
        assert value is None or isinstance(value, str | int | float | bool), value


@pytest.mark.seeds(2)
async def test_the_snapshot_of_a_node_with_peers_becomes_json_in_both_ways(sim: Simulation) -> None:
    bob = await sim.node("bob", reactors=[Notes], offers={"archive{from=1}"}, pex=True)
    alice = await sim.node(
        "alice", reactors=[Notes], offers={"x"}, peers=["memory://bob", "memory://nobody"], pex=True,
        requires=[Require(role="archive", at_least=2)],
    )  # fmt: skip
    await sim.until(lambda: alice.peers and bob.peers, within=30)
    await asyncio.sleep(3)  # nobody was dialed in vain
    for to in (LOCAL / Notes, Peer(bob.node_id) / Notes):
        await alice.tell(to, Note(1))
        await asyncio.gather(alice.ask(to, Note(-1)), return_exceptions=True)
    await alice.ban("10.1.0.0/16")
    await alice.ban("f" * 64, seconds=5, reason="too loud")
    snapshot = dataclasses.replace(alice.snapshot(), mdns=MdnsStatistics(1, 2, {"network": 3}))
    assert snapshot.connections
    assert {ban.target for ban in snapshot.peers.bans} == {"10.1.0.0/16", "f" * 64}
    by_msgspec = msgspec.json.decode(msgspec.json.encode(snapshot))
    by_dataclasses = json.loads(json.dumps(dataclasses.asdict(snapshot), allow_nan=False))
    plain(by_msgspec)
    plain(dataclasses.asdict(snapshot))
    assert by_msgspec == by_dataclasses
    assert by_msgspec["peers"]["peers"][0]["state"] in ("ready", "idle", "dialing")
    assert {ban["until"] is None for ban in by_msgspec["peers"]["bans"]} == {True, False}
    assert snapshot == msgspec.json.decode(msgspec.json.encode(snapshot), type=type(snapshot))
