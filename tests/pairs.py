"""A node that can be asked, with a peer, in real time, for the tests of commands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio
from admin_client import PATIENCE
from administered import Place

from peerbus.discovery import PeerUp
from peerbus.node import Node


@dataclass
class Pair:
    """A node that can be asked at `socket`, and its peer."""

    node: Node
    socket: Path
    peer: Node


@pytest_asyncio.fixture
async def pair(place: Place, tmp_path: Path) -> AsyncIterator[Pair]:
    """Alice, who has dialed Bob."""
    endpoint = f"unix://{tmp_path}/bob.sock"
    async with Node("bob", listen=[endpoint], offers={"index"}) as bob, asyncio.timeout(4 * PATIENCE):
        with place.node.subscribe(PeerUp) as ups:
            await place.node.dial(endpoint)
            await ups.get()
        yield Pair(place.node, place.socket, bob)
