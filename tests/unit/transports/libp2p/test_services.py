"""Identify and ping, served and asked."""

from __future__ import annotations

import asyncio

import pytest
from foreign_peer import ALICE, BOB, data, foreign_on_stream, joined

from peerbus import __version__
from peerbus.transports.libp2p.identify import Identified
from peerbus.transports.libp2p.multiaddr import to_multiaddr
from peerbus.transports.libp2p.multistream import ProtocolRefused, line_of
from peerbus.transports.libp2p.services import MOST_ECHO, ask_identify, ask_ping
from peerbus.transports.libp2p.varint import varint
from peerbus.transports.libp2p.yamux_frames import YamuxFlag, YamuxKind, header

VERSION = line_of("/multistream/1.0.0")


async def test_two_nodes_say_what_they_are_and_ping_each_other_beside_the_stream() -> None:
    async with joined() as (dialed, accepted):
        said = await ask_identify(dialed.connection)
        assert said.agent == f"peerbus/{__version__}"
        assert said.addresses == (to_multiaddr(dialed.remote),)
        assert said.observed == to_multiaddr(dialed.local)
        assert set(said.protocols) == {"/ipfs/id/1.0.0", "/ipfs/ping/1.0.0"}
        assert (await ask_identify(accepted.connection)).addresses == ()
        assert await ask_ping(dialed.connection) > 0
        assert await ask_ping(accepted.connection) > 0
        dialed.write(b"as before")
        assert await accepted.read() == b"as before"
        assert (dialed.peer_id, accepted.peer_id) == (BOB.node_id, ALICE.node_id)


async def test_a_foreign_peer_is_told_what_we_are_in_one_message() -> None:
    async with foreign_on_stream() as (_, peer):
        peer.ask(3, "/ipfs/id/1.0.0")
        await peer.hear(data(3, b"", YamuxFlag.FIN))
        said = peer.heard.partition(line_of("/ipfs/id/1.0.0"))[2][12 + 1 :]
        peer.ask(5, "/ipfs/ping/1.0.0", b"p" * 32)
        await peer.hear(data(5, b"p" * 32))
        assert said[0] > 0
        assert f"peerbus/{__version__}".encode() in said


async def test_a_peer_that_does_not_read_what_it_pings_makes_us_keep_little() -> None:
    async with foreign_on_stream() as (stream, peer):
        connection, streams = stream.connection, (3, 5, 7)
        for number in streams:
            peer.ask(number, "/ipfs/ping/1.0.0")
            await peer.hear(data(number, line_of("/ipfs/ping/1.0.0")))
        connection.pause_writing()  # as where it reads nothing more
        for number in streams:
            peer.say(data(number, bytes(3_000)), data(number, bytes(3_000)))
        peer.say(data(1, b"the last"))
        assert await stream.read() == b"the last"
        assert stream.retained <= len(streams) * MOST_ECHO
        connection.resume_writing()
        peer.say(data(1, b"and the bus goes on"))
        assert await stream.read() == b"and the bus goes on"
        for number in streams:
            await peer.hear(header(YamuxKind.DATA, YamuxFlag.RST, number, 0))


async def test_pings_pay_for_nothing() -> None:
    async with foreign_on_stream() as (stream, peer):
        peer.ask(3, "/ipfs/ping/1.0.0")
        for _ in range(8):
            peer.say(data(3, bytes(8_000)))
        await peer.hear_end()
        assert "carry nothing" in str(stream.connection.failure)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (VERSION + line_of("na"), ProtocolRefused),
        (VERSION + line_of("/ipfs/id/1.0.0") + varint(1 << 20), ValueError),
        (VERSION + line_of("/ipfs/id/1.0.0") + varint(2) + b"\x0a\x05", ValueError),
        (VERSION + line_of("/ipfs/id/1.0.0") + varint(2) + b"\x30", ConnectionError),
    ],
    ids=["not known", "too long", "malformed", "cut short"],
)
async def test_what_a_foreign_peer_says_of_itself_may_be_wrong(answer: bytes, error: type[Exception]) -> None:
    async with foreign_on_stream() as (stream, peer):
        asking = asyncio.create_task(ask_identify(stream.connection))
        await peer.hear(line_of("/ipfs/id/1.0.0"))
        peer.say(data(2, answer, YamuxFlag.FIN))
        with pytest.raises(error):
            await asking
        peer.say(data(1, b"the bus goes on"))
        assert await stream.read() == b"the bus goes on"


async def test_a_ping_that_comes_back_changed_is_none() -> None:
    async with foreign_on_stream() as (stream, peer):
        asking = asyncio.create_task(ask_ping(stream.connection))
        await peer.hear(line_of("/ipfs/ping/1.0.0"))
        peer.say(data(2, VERSION + line_of("/ipfs/ping/1.0.0") + bytes(32)))
        with pytest.raises(ValueError, match="something else"):
            await asking


def test_what_nobody_has_said_is_empty() -> None:
    assert Identified() == Identified.parse(b"")
