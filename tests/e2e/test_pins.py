"""At an address that is configured without an id the node that answered first is taken, over real sockets."""

from __future__ import annotations

from pathlib import Path

from virtual_time import eventually, in_real_time

from peerbus.discovery import PeerOptions
from peerbus.node import Node

FAST = PeerOptions(min_retry=0.01, max_retry=0.05, max_retry_persistent=0.05, disconnect_cooldown=0.0)


def served(name: str, port: int = 0) -> Node:
    return Node(name, listen=[f"tcp://127.0.0.1:{port}"], shutdown_timeout=0.5)


def visitor(endpoint: str, book: Path | None = None, *, pin: bool = True) -> Node:
    options = PeerOptions(min_retry=0.01, max_retry=0.05, max_retry_persistent=0.05, disconnect_cooldown=0.0, pin=pin)
    return Node("visitor", peers=[endpoint], book=book, options=options, shutdown_timeout=0.5)


def refused(node: Node) -> int:
    return node.snapshot().peers.failed.get("node_id", 0)


@in_real_time
async def test_another_node_at_that_address_is_refused_until_the_first_one_is_forgotten(tmp_path: Path) -> None:
    book = tmp_path / "book"
    async with served("first") as first:
        port = int(str(first.endpoints[0]).rpartition(":")[2])
        place = f"tcp://127.0.0.1:{port}"
        async with visitor(place, book) as node:
            await eventually(lambda: node.peers == (first.node_id,))
    async with served("second", port) as second, visitor(place, book) as node:
        await eventually(lambda: refused(node) > 2)
        assert not node.peers
        assert await node.forget(first.node_id)
        await eventually(lambda: node.peers == (second.node_id,))


@in_real_time
async def test_who_says_so_takes_whoever_answers() -> None:
    async with served("first") as first:
        port = int(str(first.endpoints[0]).rpartition(":")[2])
        async with visitor(f"tcp://127.0.0.1:{port}", pin=False) as node:
            await eventually(lambda: node.peers == (first.node_id,))
            await first.aclose()
            async with served("second", port) as second:
                await eventually(lambda: node.peers == (second.node_id,))


@in_real_time
async def test_a_connected_peer_and_one_that_nobody_knows_cannot_be_forgotten() -> None:
    async with served("first") as first, visitor(str(first.endpoints[0])) as node:
        await eventually(lambda: node.peers == (first.node_id,))
        assert (await node.forget(first.node_id)).reason == "connected"
        assert (await node.forget("f" * 64)).reason == "unknown_peer"
