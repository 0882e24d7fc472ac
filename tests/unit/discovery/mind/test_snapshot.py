"""A snapshot is a value that JSON can hold."""

from __future__ import annotations

import dataclasses
import json

import msgspec
from minds import ONE, TWO, connected, known, mind

from peerbus.discovery.facts.bans import Ban
from peerbus.discovery.mind.peer_view import picture_of
from peerbus.discovery.mind.snapshot import PeersSnapshot
from peerbus.discovery.mind.wall_clock import WallClock


def snapshot() -> PeersSnapshot:
    state = mind()
    connected(state, ONE, offers=("archive{from=1000}",))
    known(state, TWO, 2)
    state.bans.add(Ban("c" * 64, float("inf"), "operator"), 0.0)
    return picture_of(state, 1.0, dialing=0, refused={"full": 2}, failed={"refused": 1}, wall=WallClock())


def test_equal_states_have_equal_snapshots() -> None:
    assert snapshot() == snapshot()


def test_it_becomes_json_by_msgspec_and_by_the_library() -> None:
    there = json.loads(msgspec.json.encode(snapshot()))
    assert there["refused"] == {"full": 2}
    assert [peer["node_id"] for peer in there["peers"]] == [ONE, TWO]
    plain = json.loads(json.dumps(dataclasses.asdict(snapshot()), default=str))
    assert plain["bans"][0]["until"] is None
