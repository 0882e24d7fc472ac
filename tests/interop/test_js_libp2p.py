"""js-libp2p dials a node, and a node dials it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from echo_node import PEERBUS, SIZES, echo_node, echoes
from javascript_host import JavascriptHost, javascript_host, why_no_javascript

from peerbus import __version__
from peerbus.actors.base.errors import HandshakeFailed
from peerbus.transports.kinds import read_endpoint
from peerbus.transports.libp2p import Libp2pTransport, peer_id_text
from peerbus.transports.libp2p.services import ask_identify, ask_ping
from peerbus.transports.streams.identity import Identity

pytestmark = pytest.mark.skipif(bool(why_no_javascript()), reason=why_no_javascript())
ALICE = Libp2pTransport(Identity.from_seed(b"a" * 32))


@pytest_asyncio.fixture
async def host() -> AsyncIterator[JavascriptHost]:
    async with javascript_host(PEERBUS) as started:
        yield started


async def test_it_dials_a_node_and_each_says_what_it_is_and_pings_and_is_echoed(host: JavascriptHost) -> None:
    async with echo_node() as node:
        said = await host.do("dial", to=node.multiaddr)
        assert said.get("remote") == peer_id_text(node.raw), said
        assert said["agent"] == f"peerbus/{__version__}"
        assert PEERBUS in said["protocols"]
        assert await host.do("open", protocol=PEERBUS) == {}
        stream = await node.streams.get()
        assert host.listening.endswith(peer_id_text(stream.connection.key))
        for size in SIZES:
            assert await host.do("echo", size=size) == {"same": True}
        assert (await host.do("ping"))["ms"] >= 0
        assert (await ask_identify(stream.connection)).agent.startswith("js-libp2p/")
        assert await ask_ping(stream.connection) > 0
        refused = await host.do("open", protocol="/chat/1")
        assert refused["error"] == "UnsupportedProtocolError"


async def test_its_end_of_a_stream_is_an_end_and_its_drop_is_none(host: JavascriptHost) -> None:
    async with echo_node() as node:
        for ends in ("close", "abort"):
            await host.do("dial", to=node.multiaddr)
            await host.do("open", protocol=PEERBUS)
            assert await host.do("echo", size=10) == {"same": True}
            assert await host.do(ends) == {}
            how = await node.ends.get()
            assert ("dropped the stream" in how) if ends == "abort" else not how


async def test_a_node_dials_it_and_each_says_what_it_is_and_pings_and_is_echoed(host: JavascriptHost) -> None:
    stream = await ALICE.dial(read_endpoint(host.listening), expect=None, timeout=20)
    assert host.listening.endswith(peer_id_text(stream.connection.key))
    for size in SIZES:
        await echoes(stream.write, stream.read, size)
    said = await ask_identify(stream.connection)
    assert said.agent.startswith("js-libp2p/")
    assert PEERBUS in said.protocols
    assert await ask_ping(stream.connection) > 0
    await stream.aclose()
    assert stream.connection.lost.is_set()


async def test_who_speaks_something_else_is_said_to_by_either_side() -> None:
    async with javascript_host("/chat/1") as host, echo_node() as node:
        with pytest.raises(HandshakeFailed, match=r"js-libp2p/.*/chat/1"):
            await ALICE.dial(read_endpoint(host.listening), expect=None, timeout=20)
        somebody = peer_id_text(bytes(range(32)))
        wrong = node.multiaddr.replace(peer_id_text(node.raw), somebody)
        assert "error" in await host.do("dial", to=wrong)
        assert "connection" in str(await node.refusals.get())
