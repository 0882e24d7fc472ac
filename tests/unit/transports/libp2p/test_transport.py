"""Nodes and strangers over libp2p: who is let in, who is told what, and who is refused."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from foreign_peer import ALICE, BOB, LOOPBACK, MALLORY, VERSION, data, foreign_dialer, joined, listening, upgraded

from peerbus.actors.base.errors import DialFailed, HandshakeFailed
from peerbus.transports.libp2p import Libp2pTransport
from peerbus.transports.libp2p.identify import describe
from peerbus.transports.libp2p.multistream import line_of
from peerbus.transports.libp2p.varint import varint
from peerbus.transports.libp2p.yamux_frames import YamuxFlag
from peerbus.transports.streams import socket_listener, tls
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.startups import PENALTIES


async def test_both_ends_have_proven_node_ids() -> None:
    async with joined() as (dialed, accepted):
        assert (dialed.peer_id, accepted.peer_id) == (BOB.node_id, ALICE.node_id)
        assert dialed.remote.scheme == "libp2p+tcp"
        assert dialed.remote == accepted.local
        assert dialed.secure


async def test_a_foreign_peer_is_told_what_is_spoken_here_and_has_one_stream_of_the_bus() -> None:
    async with listening() as listener, foreign_dialer(listener) as peer:
        peer.ask(1, "/ipfs/kad/1.0.0")
        await peer.hear(line_of("na"))
        peer.say(data(1, line_of("/peerbus/1") + b"hello"))
        stream = await listener.accept()
        assert await stream.read() == b"hello"
        assert stream.peer_id == MALLORY.node_id
        peer.heard = b""
        peer.ask(3, "/peerbus/1")
        await peer.hear(line_of("na"))
        stream.abort()
        await stream.aclose()


@pytest.mark.parametrize("says", [True, False])
async def test_a_dial_of_a_foreign_host_says_what_is_there(says: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = await upgraded(reader, writer, initiator=False)
        await peer.hear(line_of("/peerbus/1"))
        peer.say(data(1, VERSION + line_of("na")))
        await peer.hear(line_of("/ipfs/id/1.0.0"))
        said = describe(bytes(32), protocols=["/chat/1"])
        named = line_of("/ipfs/id/1.0.0") + varint(len(said)) + said
        peer.say(data(3, VERSION + (named if says else line_of("na")), YamuxFlag.FIN))
        await peer.hear_end()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        there = Endpoint("libp2p+tcp", host="127.0.0.1", port=server.sockets[0].getsockname()[1])
        with pytest.raises(HandshakeFailed) as refused:
            await Libp2pTransport(ALICE).dial(there, expect=None, timeout=20)
    assert refused.value.reason == "protocol"
    assert ("peerbus/" in refused.value.text and "/chat/1" in refused.value.text) is says


async def test_who_dials_another_node_than_it_meant_tells_it_nothing() -> None:
    refusals: asyncio.Queue[Exception] = asyncio.Queue()
    async with listening(refusals) as listener:
        place = listener.endpoint.without_peer()
        with pytest.raises(HandshakeFailed, match=f"{MALLORY.node_id[:8]}.* answered") as refused:
            await Libp2pTransport(ALICE).dial(place, expect=MALLORY.node_id, timeout=20)
        assert refused.value.reason == "node_id"
        assert "connection" in str(await refusals.get())


async def test_a_key_that_is_published_proves_nothing() -> None:
    published = Identity.from_seed(tls._PUBLISHED_SEED)  # what anybody may read there
    refusals: asyncio.Queue[Exception] = asyncio.Queue()
    async with listening(refusals) as listener:
        with pytest.raises(DialFailed):
            await Libp2pTransport(published).dial(listener.endpoint, expect=None, timeout=20)
        error = await refusals.get()
    assert isinstance(error, HandshakeFailed)
    assert error.reason == "certificate"


@pytest.mark.parametrize(
    ("said", "reason"),
    [(b"GET / HTTP/1.1\r\n\r\n", "protocol"), (VERSION + line_of("/noise") + b"\xff\xff", "noise")],
)
async def test_strangers_are_refused_for_a_reason_that_has_its_penalty(said: bytes, reason: str) -> None:
    refusals: asyncio.Queue[Exception] = asyncio.Queue()
    async with listening(refusals) as listener:
        reader, writer = await asyncio.open_connection(listener.endpoint.host, listener.endpoint.port)
        writer.write(said)
        error = await refusals.get()
        while await reader.read(1000):
            pass
        writer.close()
    assert isinstance(error, HandshakeFailed)
    assert error.reason == reason
    assert PENALTIES[reason] > 0


async def test_who_opens_no_stream_of_the_bus_has_the_time_of_a_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    refusals: asyncio.Queue[Exception] = asyncio.Queue()
    monkeypatch.setattr(socket_listener, "HANDSHAKE_TIMEOUT", 0.2)
    async with listening(refusals) as listener:
        with contextlib.suppress(AssertionError, ConnectionError):  # where the machine stands still it is over before
            async with foreign_dialer(listener) as peer:
                peer.ask(1, "/ipfs/ping/1.0.0", bytes(32))
                await peer.hear(data(1, bytes(32)))
                await peer.hear_end()
        error = await refusals.get()
    assert isinstance(error, HandshakeFailed)
    assert error.reason == "timeout"


async def test_a_place_is_its_own_where_it_is_no_name() -> None:
    assert await Libp2pTransport(ALICE).places(LOOPBACK, timeout=1) == (LOOPBACK,)
