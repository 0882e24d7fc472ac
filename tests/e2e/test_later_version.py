"""A node of a later version in another process: what this one does not know is left out here, and passed on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgpack
import pytest
from later_node import ASKS, PLACE, Echo, Ping, asks
from stranger import Stranger, channel_map
from virtual_time import eventually, in_real_time

from peerbus.actors import Role
from peerbus.node import Node
from peerbus.transports.streams.identity import Identity, node_id_of_key

NETWORK = "later-e2e"
PROGRAM = Path(__file__).parents[1] / "later_node.py"
STRANGER = Identity.from_seed(b"s" * 32)
#: Far above what loopback takes; a test that waits that long has failed.
PATIENCE = 30.0


TCP = "tcp://127.0.0.1:0"


def old(name: str, peers: tuple[str, ...] = (), place: str = TCP) -> Node:
    return Node(
        name,
        network=NETWORK,
        listen=[place],
        peers=peers,
        offers={"old"} if not peers else set(),
        reactors=[Echo] if not peers else [],
        channels=[] if not peers else [Echo.channel],
        pex=True,
    )


@asynccontextmanager
async def later(peer: str, place: str = TCP) -> AsyncIterator[tuple[str, int]]:
    """A node of a later version: its id, and how many of its asks were answered rightly."""
    program, pipe = (sys.executable, str(PROGRAM), NETWORK, peer, place), asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*program, stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            node_id, right = (await process.stdout.readline()).split()
        yield node_id.decode(), int(right)
        process.stdin.close()
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def told_of(hub: Node, node_id: str) -> list[str]:
    """The endpoints in the record of that node which the hub passes on, asked as docs/wire.md says."""
    stranger = await Stranger.by_tls(int(hub.endpoints[0].rpartition(":")[2]), STRANGER)
    theirs = channel_map("peerbus.pex", types=["GetPeers", "PeerRecords"])
    await stranger.shake_hands(STRANGER.node_id, network=NETWORK, channels=[theirs])
    ask = msgpack.packb({"role": "", "limit": 100})
    stranger.send("ASK", stranger.index("peerbus.pex"), [[1, 5000, 1, 0, ask]])
    kind, _, answers = await stranger.until("REPLY", "ERROR")
    assert kind == "REPLY"
    records = [msgpack.unpackb(each) for each in msgpack.unpackb(answers[0][2])["records"]]
    stranger.close()
    assert await stranger.until("END") == ["END"]
    return [place for key, body, _ in records if node_id_of_key(key) == node_id for place in msgpack.unpackb(body)[4]]


@in_real_time
async def test_what_a_later_version_adds_is_left_out_here_and_passed_on() -> None:
    async with old("hub") as hub, later(hub.endpoints[0]) as (node_id, right):
        assert right == ASKS
        assert await asks(hub, "later", PATIENCE) == ASKS
        # It has said more than this version reads, which is cut.
        (said,) = [each for each in hub.snapshot().peers.peers if each.node_id == node_id]
        offers = said.offers or ()
        assert len(offers) == 64
        assert offers[:2] == ("later", "role0")
        places = await told_of(hub, node_id)
        assert places[0] == PLACE
        assert places[1].startswith("tcp://127.0.0.1:")
        # A third one, that has never met it, finds it by that record.
        async with old("carol", hub.endpoints) as carol:
            await eventually(lambda: node_id in carol.peers, PATIENCE)
            assert await carol.ask(Role("later") / Echo, Ping(7), timeout=PATIENCE) == 7


@pytest.mark.parametrize("carrier", ["unix", "libp2p+tcp"])
@in_real_time
async def test_old_and_later_understand_each_other_by_whatever_carries_them(carrier: str, tmp_path: Path) -> None:
    places = [f"unix://{tmp_path}/{name}.sock" if carrier == "unix" else f"{carrier}://127.0.0.1:0" for name in "ab"]
    async with old("hub", place=places[0]) as hub, later(hub.endpoints[0], places[1]) as (_, right):
        assert right == ASKS
        assert await asks(hub, "later", PATIENCE) == ASKS
