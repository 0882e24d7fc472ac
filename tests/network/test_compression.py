"""Compressed channels between whole nodes: the same bytes arrive, whatever becomes of connections and peers."""

from __future__ import annotations

import asyncio
import hashlib
import random
import zlib
from dataclasses import dataclass

import msgpack
import pytest
from clusters import Cluster
from stranger import Stranger, channel_map
from virtual_time import eventually, in_virtual_time, log_of_the_loop

from peerbus.actors import Channel, Message, Peer, Reactor, Request, SendError, handles
from peerbus.actors.messages.compression_words import COMPRESSIONS, Compression
from peerbus.discovery import PeerOptions
from peerbus.node import Node
from peerbus.testing import Simulation, Uniform
from peerbus.transports.compression import CompressedBytes
from peerbus.transports.streams import Endpoint, Identity, MemoryNetwork

OPTIONS = PeerOptions(disconnect_cooldown=0.2, max_retry=1.0, max_retry_persistent=1.0)
WORDS = ("alpha", "beta", "gamma", "delta", "message", "of", "the", "bus")


class Digest(Message):
    sha256: bytes
    again: bytes


class Page(Message, Request[Digest]):
    number: int
    data: bytes


@dataclass(frozen=True)
class Got:
    number: int
    data: bytes


def pages_of(word: Compression | None, kept: list[Got]) -> type[Reactor]:
    """A reactor that keeps pages, and answers with their hash and all of them again."""

    class Pages(Reactor):
        channel = Channel("pages", messages=(Page, Digest), compress=word, timeout=30)

        @handles(Page)
        def page(self, page: Page) -> Digest:
            kept.append(Got(page.number, page.data))
            return Digest(hashlib.sha256(page.data).digest(), page.data)

        @handles(Digest)
        def never(self, _: Digest) -> None: ...

    return Pages


def page_of(number: int) -> Page:
    """Text, noise, small and large ones."""
    rng = random.Random(number)
    text = " ".join(rng.choices(WORDS, k=rng.choice([3, 40, 400, 9000]))).encode()
    return Page(number, rng.randbytes(rng.choice([10, 3000, 70_000])) if number % 5 == 4 else text)


async def ask(node: Node, to: Node, page: Page) -> int:
    """What comes back is what went there. Returns its number; -1 where it failed, as it may when a peer is gone."""
    try:
        digest = await node.ask(Peer(to.node_id) / "pages", page, reply=Digest)
    except SendError:
        return -1
    assert isinstance(digest, Digest)
    assert digest.again == page.data
    assert digest.sha256 == hashlib.sha256(page.data).digest()
    return page.number


def saved(node: Node) -> CompressedBytes:
    return node.snapshot().carried.compressed["pages"]


@pytest.mark.parametrize("word", COMPRESSIONS)
@pytest.mark.seeds(3)
async def test_the_same_bytes_arrive_over_connections_that_succeed_each_other_break_and_come_back(
    sim: Simulation, word: Compression
) -> None:
    sim.network.shape(latency=Uniform(0.0, sim.rng.choice([0.0, 0.02])))
    kept: dict[str, list[Got]] = {"alice": [], "bob": []}
    for name, others in (("alice", ()), ("bob", ("alice",))):
        reactor = pages_of(word, kept[name])
        await sim.node(name, discover=False, reactors=[reactor], options=OPTIONS, peers=others)
    alice, bob = sim.nodes["alice"], sim.nodes["bob"]
    await sim.until(lambda: alice.peers and bob.peers, within=10)
    answered: set[int] = set()

    async def some(first: int, count: int = 10) -> None:
        one, other = sim.nodes["alice"], sim.nodes["bob"]
        pages = [page_of(number) for number in range(first, first + 2 * count)]
        asks = [ask(one, other, page) for page in pages[:count]] + [ask(other, one, page) for page in pages[count:]]
        answered.update(await asyncio.gather(*asks))

    await some(0)
    assert answered == set(range(20)), "nothing has failed yet"
    beginning = asyncio.ensure_future(some(100))
    alice.dial("memory://bob")  # of two connections one takes the place of the other
    await beginning
    sim.network.cut("alice", "bob")
    under_way = asyncio.ensure_future(some(200))
    await sim.run_for(sim.rng.choice([0.5, 30.0]))
    sim.network.heal()
    await under_way
    under_way = asyncio.ensure_future(some(300))
    await sim.run_for(sim.rng.choice([0.0, 0.01]))
    bob = await sim.restart("bob")
    await under_way
    await sim.run_for(30.0)  # whatever was left of connections before is gone
    assert sim.nodes["alice"].peers
    assert bob.peers
    await some(400)
    assert set(range(400, 420)) <= answered, "a new connection begins with contexts of its own"
    for got in (*kept["alice"], *kept["bob"]):
        assert got.data == page_of(got.number).data
    count = saved(sim.nodes["alice"])
    assert 0 < 2 * count.sent_as < count.sent
    assert 0 < 2 * count.received_as < count.received
    assert count.left_alone > 0, "noise is left alone"
    assert sim.nodes["alice"].snapshot().carried.compression_memory > 0


@pytest.mark.parametrize(
    ("theirs", "ours"), [(None, "zlib"), ("zlib", None), ("zlib", "zstd")], ids=["not there", "not here", "otherwise"]
)
@pytest.mark.seeds(1)
async def test_who_has_declared_it_otherwise_or_not_at_all_gets_what_it_understands(
    sim: Simulation, theirs: Compression | None, ours: Compression | None
) -> None:
    for name, word, others in (("alice", theirs, ()), ("bob", ours, ("alice",))):
        await sim.node(name, discover=False, reactors=[pages_of(word, [])], peers=others)
    alice, bob = sim.nodes["alice"], sim.nodes["bob"]
    await sim.until(lambda: alice.peers and bob.peers, within=10)
    assert [await ask(alice, bob, page_of(0)), await ask(bob, alice, page_of(1))] == [0, 1]
    assert [node.snapshot().carried.compressed for node in (alice, bob)] == [{}, {}]


async def stranger_at(network: MemoryNetwork, identity: Identity, node: Node, **channel: object) -> Stranger:
    stream = await network.transport(identity.node_id).dial(Endpoint.parse("memory://node"), expect=None, timeout=5)
    stranger = Stranger(stream.read, stream.write)
    await stranger.shake_hands(identity.node_id, channels=[channel_map("pages", **channel)])
    await eventually(lambda: identity.node_id in node.peers)
    return stranger


def deflated(data: bytes) -> bytes:
    made = zlib.compressobj(9, zlib.DEFLATED, -15)
    return made.compress(data) + made.flush(zlib.Z_SYNC_FLUSH)


@in_virtual_time
async def test_a_bomb_ends_its_connection_costs_points_and_nothing_else() -> None:
    network, kept = MemoryNetwork(), list[Got]()
    node = Cluster(network=network).node("node", reactors=[pages_of("zlib", kept)])
    async with node:
        good = Identity.from_seed(b"g" * 32)
        peer = await stranger_at(network, good, node)
        assert peer.peer["channels"][peer.index("pages")]["compress"] == "zlib"
        lane, told = 2 * peer.index("pages"), msgpack.packb({"number": 1, "data": b"words " * 50})
        body = msgpack.packb([3, peer.index("pages"), [[1, 0, told]]])
        peer.send(20, lane, 1, len(body), deflated(body))
        await eventually(lambda: [got.number for got in kept] == [1])
        bad = Identity.from_seed(b"b" * 32)
        bomber = await stranger_at(network, bad, node)
        bomber.send(20, lane, 1, 5000, deflated(bytes(1 << 24)))
        assert (await bomber.until("GOAWAY"))[1] == "bad_compression"
        assert log_of_the_loop().reasons("peer broke the protocol") == ["bad_compression"]
        assert [peer.score < 0 for peer in node.snapshot().peers.peers if peer.node_id == bad.node_id] == [True]
        # The other one goes on, with the context that it has.
        peer.send(20, lane, 1, len(body), deflated(body))
        await eventually(lambda: [got.number for got in kept] == [1, 1])
