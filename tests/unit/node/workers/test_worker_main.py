from __future__ import annotations

import asyncio
import socket

import pytest

from peerbus.actors import HandshakeFailed
from peerbus.node.workers.setup import inside_hello
from peerbus.node.workers.worker_main import WorkerRun
from peerbus.transports.connection import greet
from peerbus.transports.streams import stream_of_pair


async def test_a_worker_belongs_to_one_node_and_lets_no_other_in() -> None:
    one, two = socket.socketpair()
    other = inside_hello("ef" * 32, "other", 3, bytes(16))
    here, there = await stream_of_pair(one, "a"), await stream_of_pair(two, "b")
    ended = await asyncio.gather(
        WorkerRun("crunch", "cd" * 32, "ab" * 32).greet(here),
        greet(there, other, lambda _: None, dialed=False),
        return_exceptions=True,
    )
    assert all(isinstance(each, HandshakeFailed) for each in ended)
    with pytest.raises(HandshakeFailed, match="belongs to"):
        raise ended[1]  # type: ignore[misc]  # as was just seen
