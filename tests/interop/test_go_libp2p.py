"""go-libp2p dials a node, and a node dials it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from echo_node import PEERBUS, SIZES, echo_node, echoes
from go_host import GoHost, GoRefused, go_host, why_no_go

from peerbus.actors.base.errors import HandshakeFailed
from peerbus.transports.kinds import read_endpoint
from peerbus.transports.libp2p import Libp2pTransport, peer_id_text
from peerbus.transports.libp2p.services import ask_identify, ask_ping
from peerbus.transports.streams.identity import Identity

pytestmark = pytest.mark.skipif(bool(why_no_go()), reason=why_no_go())
ALICE = Libp2pTransport(Identity.from_seed(b"a" * 32))


@pytest_asyncio.fixture
async def host() -> AsyncIterator[GoHost]:
    # Not pytest's tmp_path: its paths are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="pb") as folder:
        async with go_host(Path(folder)) as started:
            yield started


async def test_it_dials_a_node_and_is_echoed(host: GoHost) -> None:
    async with echo_node() as node:
        await host.connect(node.raw, node.listener.endpoint)
        reader, writer = await host.open(node.raw, PEERBUS)
        stream = await node.streams.get()
        assert host.listening.endswith(peer_id_text(stream.connection.key))
        for size in SIZES:
            await echoes(writer.write, lambda: reader.read(65_536), size)
        assert (await ask_identify(stream.connection)).protocols
        assert await ask_ping(stream.connection) > 0
        with pytest.raises(GoRefused, match="not supported"):
            await host.open(node.raw, "/chat/1")
        writer.close()
        assert await reader.read() == b""


async def test_a_node_dials_it_and_is_echoed(host: GoHost) -> None:
    async with await host.echo(PEERBUS):
        stream = await ALICE.dial(read_endpoint(host.listening), expect=None, timeout=20)
        assert host.listening.endswith(peer_id_text(stream.connection.key))
        for size in SIZES:
            await echoes(stream.write, stream.read, size)
        said = await ask_identify(stream.connection)
        assert PEERBUS in said.protocols
        assert await ask_ping(stream.connection) > 0
        await stream.aclose()


async def test_who_speaks_something_else_is_said_to_by_either_side(host: GoHost) -> None:
    with pytest.raises(HandshakeFailed, match=r"but not /peerbus/1: it is .*/ipfs/ping"):
        await ALICE.dial(read_endpoint(host.listening), expect=None, timeout=20)
    async with echo_node() as node:
        with pytest.raises(GoRefused, match="peer id mismatch"):
            await host.connect(bytes(range(32)), node.listener.endpoint)
        assert "connection" in str(await node.refusals.get())
