"""The peer book under whole nodes: in simulation by its seam, and as a file of a real node."""

from __future__ import annotations

import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from virtual_time import eventually, in_real_time

from peerbus.actors.base.errors import ConfigError
from peerbus.discovery import PeerOptions
from peerbus.discovery.book.book import BookChanges, MemoryBook
from peerbus.discovery.book.sqlite_book import SqliteBook
from peerbus.discovery.facts.messages import PeerWasUseful
from peerbus.node import Node
from peerbus.testing import Simulation

TIMES = PeerOptions(min_retry=0.1, max_retry=2.0, disconnect_cooldown=0.2, stable_after=1.0)


@pytest.mark.seeds(5)
async def test_a_node_that_is_killed_finds_its_peers_again_from_its_book_alone(sim: Simulation) -> None:
    bob = await sim.node("bob", discover=False, options=TIMES)
    alice = await sim.node("alice", discover=False, options=TIMES)
    assert await alice.dial("memory://bob")
    await sim.until(lambda: alice.peers and bob.peers, within=5)
    alice._say(PeerWasUseful(bob.node_id, 5))
    await sim.run_for(3)
    alice = await sim.restart("alice")  # which was told to dial nobody
    await sim.until(lambda: alice.peers, within=10)
    (peer,) = alice.snapshot().peers.peers
    assert not peer.persistent
    assert 4.9 < dict(peer.why)["useful"] <= 5.0
    alice = await sim.restart("alice", keep_book=False)
    assert alice.snapshot().peers.peers == ()


@pytest.mark.seeds(5)
async def test_a_ban_that_was_acknowledged_survives_a_kill_at_that_instant(sim: Simulation) -> None:
    bob = await sim.node("bob", options=TIMES)
    alice = await sim.node("alice", options=TIMES)
    await sim.until(lambda: alice.peers and bob.peers, within=5)
    assert await alice.ban(bob.node_id, seconds=600, reason="too loud")
    alice = await sim.restart("alice")
    assert [(ban.target, ban.reason) for ban in alice.snapshot().peers.bans] == [(bob.node_id, "too loud")]
    await sim.run_for(300)
    assert not alice.peers
    await sim.until(lambda: alice.peers and bob.peers, within=400)


@in_real_time
async def test_a_real_nodes_file_keeps_peers_and_bans() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "alice.db"
        async with Node("bob", listen=["tcp://127.0.0.1:0"]) as bob:
            async with Node("alice", book=path, options=TIMES) as alice:
                assert await alice.dial(bob.endpoints[0])
                await eventually(lambda: alice.peers)
                assert await alice.ban("203.0.113.0/24", reason="test")
                with pytest.raises(ConfigError, match="in use by another process"):
                    await Node("mallory", book=path).__aenter__()
            async with Node("alice", identity=alice.identity, book=str(path), options=TIMES) as again:
                (ban,) = again.snapshot().peers.bans
                assert (str(ban.target), ban.reason) == ("203.0.113.0/24", "test")
                await eventually(lambda: bob.node_id in again.peers)  # though nobody named it


def test_a_node_starts_on_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "alice.db"
    path.write_text("not a database, but long enough to be taken for one" * 100)
    node = Node("alice", book=path).start()
    try:
        assert node.snapshot().peers.peers == ()
    finally:
        node.stop()
    assert path.with_name("alice.db.damaged").exists()


def test_a_node_does_not_start_on_a_book_of_a_newer_version(tmp_path: Path) -> None:
    path = tmp_path / "alice.db"
    book = SqliteBook(path)
    book.open()
    book.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConfigError, match="peer book of version 99"):
        Node("alice", book=path).start()


@dataclass(slots=True)
class FullDisk(MemoryBook):
    """A book on a disk without room."""

    def save(self, changes: BookChanges) -> None:
        """Fail."""
        raise OSError(28, "No space left on device")


@in_real_time
async def test_a_disk_that_is_full_is_said_by_the_lever_and_the_snapshot_and_as_an_event() -> None:
    async with Node("alice", book=FullDisk()) as alice:
        seen = alice.snapshot().book
        assert seen is not None
        assert seen.error == ""
        result = await alice.ban("203.0.113.0/24", seconds=3600)
        assert result
        assert result.reason == "not_saved"
        assert "No space left" in result.text
        seen = alice.snapshot().book
        assert seen is not None
        assert (seen.failures >= 1, "No space left" in seen.error) == (True, True)
        assert [happened.kind for happened in alice.events.since()].count("BookFailed") == 1
