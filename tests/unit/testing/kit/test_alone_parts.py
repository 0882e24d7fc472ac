"""Parts of the bus itself run alone: the router, a connection, the peer manager."""

from __future__ import annotations

import asyncio

from peerbus.actors import (
    LOCAL,
)
from peerbus.actors.router import LinkDown, LinkUp, Router
from peerbus.testing.kit.alone import Alone
from peerbus.testing.kit.effects import (
    Stopped,
    Told,
)


async def test_the_router_alone_publishes_its_table() -> None:
    from peerbus.testing.kit.probe_link import ProbeLink

    async with Alone(Router) as router:
        link = ProbeLink(router.bus, "a" * 64, lambda _reactor, _envelope: None)
        await router.tell(LinkUp(link, ("fact",)))
        assert router.published == [LinkUp(link, ("fact",)), "fact"]
        assert router.bus.routes.peers == {"a" * 64: link}
        await router.tell(LinkDown(link, "gone"))
        assert router.bus.routes.peers == {}


async def test_a_peer_connection_alone_enters_the_table_and_leaves_it() -> None:
    from peerbus.transports.connection.commands import Disconnect
    from peerbus.transports.connection.connection import PeerConnection
    from peerbus.transports.connection.greeting import Greeted
    from peerbus.transports.streams.endpoint import Endpoint
    from peerbus.transports.streams.memory import MemoryNetwork
    from peerbus.transports.wire.codecs import Codecs
    from peerbus.transports.wire.hello import Hello

    def hello(node_id: str, name: str) -> Hello:
        return Hello(
            node_id=node_id, network="test", name=name, incarnation=1, listen=(), offers=(), channels=(),
            agent="test", nonce=bytes(16),
        )  # fmt: skip

    network, ended = MemoryNetwork(), list[object]()
    alice, bob = "a" * 64, "b" * 64
    listener = await network.transport(bob).listen(Endpoint("memory", path="bob"))
    stream = await network.transport(alice).dial(listener.endpoint, expect=bob, timeout=1)
    other = await listener.accept()
    greeted = Greeted(stream, hello(alice, "alice"), hello(bob, "bob"), True, b"")
    async with Alone(lambda: PeerConnection(greeted, Codecs({}), ended.append)) as connection:
        router = LOCAL / "router"
        assert connection.sent == [Told(router, LinkUp(connection.actor.link))]
        await connection.tell(Disconnect("operator"))
        while await other.read():  # to the end: the connection closes when its goodbye is taken
            pass
        await connection.settle()
        assert Told(router, LinkDown(connection.actor.link, "operator")) in connection.effects
        assert Stopped("stopped") in connection.effects
        assert len(ended) == 1
    await other.aclose()
    await listener.aclose()


async def test_the_peer_manager_alone_makes_a_connection_for_whom_it_let_in() -> None:
    from peerbus.discovery.records.self_description import Myself
    from peerbus.discovery.shell.peers import Peers
    from peerbus.transports.connection.greeting import greet
    from peerbus.transports.streams.endpoint import Endpoint
    from peerbus.transports.streams.identity import Identity
    from peerbus.transports.streams.memory import MemoryNetwork
    from peerbus.transports.wire.codecs import Codecs
    from peerbus.transports.wire.hello import Hello

    network = MemoryNetwork()
    me, other = Identity.from_seed(b"m" * 32), Identity.from_seed(b"o" * 32)
    myself = Myself(identity=me, network="test", name="me", agent="test", incarnation=1)
    at = Endpoint("memory", path="me")
    async with Alone(lambda: Peers(myself, [network.transport(me.node_id)], Codecs({}), listen=[at])) as peers:
        stream = await network.transport(other.node_id).dial(at, expect=me.node_id, timeout=1)
        hello = Hello(
            node_id=other.node_id, network="test", name="other", incarnation=2, listen=(), offers=(), channels=(),
            agent="test", nonce=bytes(16),
        )  # fmt: skip
        async with asyncio.timeout(5):
            greeted = await greet(stream, hello, lambda _: None, dialed=True)
            while not peers.spawned:  # noqa: ASYNC110  # an effect is no event
                await asyncio.sleep(0)
        assert greeted.peer.node_id == me.node_id
        assert peers.spawned == [f"peer-{other.node_id[:8]}-1"]
        await stream.aclose()
