"""A stream of the bus over libp2p: how it pauses, ends and is judged. The contract's suite has the rest."""

from __future__ import annotations

import asyncio

import pytest
from foreign_peer import ForeignPeer, data, foreign_on_stream, joined

from peerbus.actors.base.errors import StreamBroken
from peerbus.transports.libp2p import libp2p_stream
from peerbus.transports.libp2p.yamux_frames import FIRST_WINDOW, HEADER, YamuxFlag, YamuxKind, header, unpack_header
from peerbus.transports.streams.transport import (
    RECEIVE_BUFFER,
    Narrowing,
    Pausing,
    Provisional,
    Pushing,
)


def test_it_can_do_what_streams_of_sockets_can() -> None:
    for contract in (Pushing, Pausing, Narrowing, Provisional):
        assert issubclass(libp2p_stream.Libp2pStream, contract)


async def test_what_comes_while_it_is_paused_is_held_and_the_end_behind_it() -> None:
    async with foreign_on_stream() as (stream, peer):
        heard: list[bytes] = []
        peer.say(data(1, b"waits"))
        await peer.writer.drain()
        stream.push_to(heard.append)
        ended = asyncio.create_task(stream.read())
        stream.pause()
        peer.say(data(1, b"held"), data(1, b"last", YamuxFlag.FIN))
        await peer.hear(header(YamuxKind.DATA, YamuxFlag.FIN, 1, 0))
        assert b"".join(heard) in (b"", b"waits")
        assert not ended.done()
        assert stream.retained == len(b"waitsheldlast") - len(b"".join(heard))
        stream.resume()
        assert b"".join(heard) == b"waitsheldlast"
        assert await ended == b""


async def test_a_reader_that_waits_is_granted_no_more_than_is_held() -> None:
    async with foreign_on_stream() as (stream, peer):
        peer.say(data(1, bytes(60_000)), *(data(1, bytes(60_000)) for _ in range(3)))
        heard = 0
        while heard < FIRST_WINDOW // 2:
            heard += len(await stream.read())
        await peer.hear(header(YamuxKind.WINDOW, 0, 1, heard + RECEIVE_BUFFER - FIRST_WINDOW)[:8])


async def test_a_peer_that_grants_little_is_sent_as_much_and_the_writer_waits() -> None:
    async with foreign_on_stream() as (stream, peer):
        said = bytes(range(256)) * 2000
        stream.write(said)
        assert not stream.writable
        sent, at = b"", 0
        while len(sent) < len(said):
            peer.say(header(YamuxKind.WINDOW, 0, 1, 1 if len(sent) < FIRST_WINDOW + 20 else 60_000))
            # One frame at least, and all of it.
            at = await _after_frame(peer, at)
            while at < len(peer.heard):
                at = await _after_frame(peer, at)
            sent = _said(peer.heard)
        assert sent == said
        await stream.drain()


async def test_an_end_of_both_leaves_the_connection_to_be_ended_in_order() -> None:
    async with joined() as (dialed, accepted):
        dialed.write(b"last")
        closing = asyncio.create_task(dialed.aclose())
        assert await accepted.read() == b"last"
        assert await accepted.read() == b""
        with pytest.raises(StreamBroken):
            accepted.write(b"x")
        await accepted.aclose()
        await closing
        assert dialed.connection.lost.is_set()
        assert "over" in repr(dialed)


async def test_what_becomes_of_it_is_told_once() -> None:
    async with foreign_on_stream() as (stream, peer):
        told: list[str] = []
        stream.on_settled = told.append
        peer.say(data(1, b"", YamuxFlag.FIN))
        assert await stream.read() == b""
        stream.settle("late")
        assert told == ["closed"]


async def test_a_close_ends_in_time_though_the_other_side_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libp2p_stream, "FLUSH_TIMEOUT", 0.01)
    async with foreign_on_stream() as (stream, peer):
        stream.write(b"goodbye")
        await peer.hear(data(1, b"goodbye"))
        await stream.aclose()
        assert stream.connection.lost.is_set()


async def _after_frame(peer: ForeignPeer, at: int) -> int:
    """Wait until the frame that begins there is whole; where it ends."""
    while len(peer.heard) < at + HEADER or len(peer.heard) < at + HEADER + _length(peer.heard, at):
        await peer.hear_more()
    return at + HEADER + _length(peer.heard, at)


def _length(heard: bytes, at: int) -> int:
    return int(unpack_header(heard, at)[4])


def _said(heard: bytes) -> bytes:
    """What whole frames of data carry."""
    said, at = b"", 0
    while at < len(heard):
        size = _length(heard, at)
        said += heard[at + HEADER : at + HEADER + size]
        at += HEADER + size
    return said
