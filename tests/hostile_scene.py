"""A node and a peer that lies or breaks the rules, by memory and by TLS."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgpack
import pytest
from clusters import Cluster
from stranger import Stranger
from virtual_time import eventually, in_real_time, in_virtual_time

from peerbus.actors import Channel, Peer, Reactor, RemoteError, StreamBroken, handles
from peerbus.node import Node
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.memory import MemoryNetwork

STRANGER = Identity.from_seed(b"s" * 32)


@dataclass(frozen=True)
class Note:
    number: int


@dataclass(frozen=True)
class Anything:
    value: Any = None
    items: list[Any] = field(default_factory=list)


class Desk(Reactor):
    """Notes wait while the gate is shut."""

    channel = Channel("desk", messages=(Note, Anything), window=8, window_bytes=64 << 10, max_message=64 << 10)

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()

    @handles(Note)
    async def note(self, message: Note) -> Note:
        await self.gate.wait()
        if message.number == 13:
            raise RemoteError("unlucky", "no thirteen")
        return Note(message.number + 1)

    @handles(Anything)
    def anything(self, message: Anything) -> int:
        return len(message.items)


class Back(Reactor):
    """Asks the stranger before it answers."""

    channel = Channel("back", messages=(Note,))

    @handles(Note)
    async def note(self, message: Note) -> Note:
        return await self.ask(Peer(STRANGER.node_id) / Desk, message, reply=Note, timeout=600)


class Big1(Reactor):
    channel = Channel("big1", messages=(Anything,), max_message=16 << 20)

    @handles(Anything)
    def never(self, _: Anything) -> None: ...


class Big2(Reactor):
    channel = Channel("big2", messages=(Anything,), max_message=16 << 20)

    @handles(Anything)
    def never(self, _: Anything) -> None: ...


class Big3(Reactor):
    channel = Channel("big3", messages=(Anything,), max_message=16 << 20)

    @handles(Anything)
    def never(self, _: Anything) -> None: ...


@dataclass
class Scene:
    """A node, a good peer of it, and a way for strangers."""

    node: Node
    friend: Node
    dial: Callable[..., Awaitable[Stranger]]

    async def is_well(self) -> None:
        """The node lives, its other peer notices nothing, and the stranger's connection is gone."""
        assert await self.friend.ask(Peer(self.node.node_id) / Desk, Note(1)) == Note(2)
        assert self.node.peers == (self.friend.node_id,)
        await eventually(lambda: len(self.node.snapshot().connections) == 1)


@contextlib.asynccontextmanager
async def by_memory() -> AsyncIterator[Scene]:
    network = MemoryNetwork()
    cluster = Cluster(network=network)
    node = cluster.node("node", reactors=[Desk, Big1, Big2, Big3, Back])
    friend = cluster.node("friend", peers=("node",), channels=[Desk.channel])
    streams = []

    async def dial(identity: Identity = STRANGER) -> Stranger:
        stream = await network.transport(identity.node_id).dial(Endpoint.parse("memory://node"), expect=None, timeout=5)
        streams.append(stream)

        async def read() -> bytes:
            try:
                return await stream.read()
            except StreamBroken:
                return b""

        def write(data: bytes) -> None:
            with contextlib.suppress(StreamBroken):
                stream.write(data)

        return Stranger(read, write)

    async with cluster.running(node, friend):
        try:
            yield Scene(node, friend, dial)
        finally:
            for stream in streams:
                await stream.aclose()


@contextlib.asynccontextmanager
async def by_tls() -> AsyncIterator[Scene]:
    strangers = []
    node = Node("node", reactors=[Desk, Big1, Big2, Big3, Back], listen=["tcp://127.0.0.1:0"])
    async with node:
        friend = Node("friend", peers=node.endpoints, channels=[Desk.channel])
        port = Endpoint.parse(node.endpoints[0]).port

        async def dial(identity: Identity | None = None) -> Stranger:
            stranger = await Stranger.by_tls(port, identity or STRANGER)
            strangers.append(stranger)
            return stranger

        async with friend:
            await eventually(lambda: node.peers and friend.peers)
            try:
                yield Scene(node, friend, dial)
            finally:
                for stranger in strangers:
                    stranger.close()


#: A test takes a scene; it runs in both.
SCENES = {"memory": (by_memory, in_virtual_time), "tls": (by_tls, in_real_time)}
BOTH = pytest.mark.parametrize("kind", sorted(SCENES))


def play(kind: str, script: Callable[[Scene], Awaitable[None]]) -> None:
    """Run a script in a scene of that kind."""
    scene_of, on_loop = SCENES[kind]

    async def run() -> None:
        async with scene_of() as scene:
            await script(scene)

    on_loop(run)()


def charged(node: Node) -> int:
    """How often somebody was charged for a fault on the wire."""
    return node.snapshot().peers.reported.get("protocol", 0)


def frame(*fields: Any) -> bytes:
    body = msgpack.packb(list(fields))
    return struct.pack(">I", len(body)) + body


def desk_info(node: Node) -> Any:
    codec = node._codecs.get("desk")
    assert codec is not None
    return codec.info
