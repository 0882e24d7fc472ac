"""An ask whose time is over: the peer says whether its handler has seen it, by the words of docs/wire.md."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgpack
import pytest
from clusters import Cluster
from stranger import Stranger
from virtual_time import VirtualTimeLoop, eventually, in_virtual_time

from peerbus.actors import Channel, Reactor, handles
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.memory import MemoryNetwork

STRANGER = Identity.from_seed(b"s" * 32)
SECONDS = 2.0


@dataclass(frozen=True)
class Note:
    number: int


CHANNEL = Channel("slow", messages=(Note,))


class Plain(Reactor):
    """Holds the loop for longer than is left for its answer."""

    channel = CHANNEL

    @handles(Note)
    def note(self, message: Note) -> int:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        loop.now += SECONDS
        return message.number


class Awaiting(Reactor):
    """Awaits for longer than that, one message after the other."""

    channel = CHANNEL

    @handles(Note)
    async def note(self, message: Note) -> int:
        await asyncio.sleep(SECONDS)
        return message.number


class Beside(Reactor):
    """The same, all messages at once."""

    channel = CHANNEL

    @handles(Note, reentrant=True)
    async def note(self, message: Note) -> int:
        await asyncio.sleep(SECONDS)
        return message.number


@pytest.mark.parametrize(
    ("reactor", "second"), [(Plain, "deadline_mailbox"), (Awaiting, "deadline_mailbox"), (Beside, "deadline_handler")]
)
@in_virtual_time
async def test_an_ask_that_is_late_is_answered_by_whether_a_handler_has_seen_it(
    reactor: type[Reactor], second: str
) -> None:
    network = MemoryNetwork()
    cluster = Cluster(network=network)
    node = cluster.node("node", reactors=[reactor])
    async with cluster.running(node):
        endpoint = Endpoint.parse("memory://node")
        stream = await network.transport(STRANGER.node_id).dial(endpoint, expect=None, timeout=5)
        stranger = Stranger(stream.read, stream.write)
        await stranger.shake_hands(STRANGER.node_id)
        await eventually(lambda: STRANGER.node_id in node.peers)
        payload = msgpack.packb({"number": 1})
        stranger.send("ASK", stranger.index("slow"), [[rid, 1000, 1, 0, payload] for rid in (1, 2)])
        said: dict[int, str] = {}
        while len(said) < 2:
            kind, *fields = await stranger.until("ERROR", "REPLY")
            assert kind == "ERROR"
            said[fields[0]] = fields[3]
        assert said == {1: "deadline_handler", 2: second}
        await stream.aclose()
