"""The levers of a network: rules that cannot be change nothing, and files are read anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from clusters import Cluster
from virtual_time import eventually, in_virtual_time

from peerbus.actors.base import ConfigError
from peerbus.node import Network
from peerbus.transports.streams.identity import Identity

BOB = Identity.from_seed(b"b".ljust(32, b".")).node_id


def test_a_file_of_ids_is_read_anew_and_a_bad_one_changes_nothing(tmp_path: Path) -> None:
    @in_virtual_time
    async def run() -> None:
        friends, cluster = tmp_path / "friends", Cluster()
        friends.write_text("f" * 64)
        a, b = cluster.node("a", network=Network("n", allow=friends)), cluster.node("b", network="n", peers=("a",))
        async with a, b:
            await eventually(lambda: bool(b.snapshot().peers.failed))
            friends.write_text("nobody")
            with pytest.raises(ConfigError, match="line 1"):
                await a.reload_network()
            assert a._door.gate.rules.allow == frozenset({"f" * 64})
            friends.write_text(BOB)
            assert await a.reload_network()
            await eventually(lambda: a.peers == (BOB,))
            with pytest.raises(ConfigError, match="another name needs a restart"):
                await a.set_network(Network("other"))
            with pytest.raises(ConfigError, match="no authority"):
                await a.revoke(b"")

    run()
