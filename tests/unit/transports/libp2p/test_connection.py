"""A connection of libp2p: whoever lies on it is cut, and what a stranger may cost is bounded."""

from __future__ import annotations

import asyncio

import pytest
from foreign_peer import data, foreign_dialer, foreign_on_stream, joined, listening

from peerbus.actors.base.errors import ProtocolError, StreamBroken
from peerbus.transports.libp2p import connection as connection_module
from peerbus.transports.libp2p.idle_traffic import IDLE_BYTES
from peerbus.transports.libp2p.libp2p_stream import Libp2pStream
from peerbus.transports.libp2p.multistream import line_of
from peerbus.transports.libp2p.yamux import MAX_STREAMS
from peerbus.transports.libp2p.yamux_frames import FIRST_WINDOW, YamuxFlag, YamuxKind, header

GOES_AWAY_IN_ERROR = header(YamuxKind.GO_AWAY, 0, 0, 1)


async def _broken(stream: Libp2pStream) -> str:
    try:
        while await stream.read():
            pass
    except StreamBroken as broken:
        return str(broken)
    raise AssertionError("it ended in order")


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (b"\1" + header(YamuxKind.PING, 0, 0, 0)[1:], "version 1"),
        (header(7, 0, 0, 0), "kind 7"),
        (header(YamuxKind.DATA, 0, 1, FIRST_WINDOW + 1), "more than its window"),
        (header(YamuxKind.WINDOW, YamuxFlag.SYN, 2, 0), "not the other side's to open"),
        (header(YamuxKind.WINDOW, 0, 1, 1 << 31), "is granted"),
    ],
)
async def test_who_breaks_the_rules_of_yamux_is_told_so_and_cut(frame: bytes, why: str) -> None:
    async with foreign_on_stream() as (stream, peer):
        peer.say(data(1, b"before"), frame)
        assert why in await _broken(stream)
        assert isinstance(stream.connection.failure, ProtocolError)
        await peer.hear_end()
        assert peer.heard.endswith(GOES_AWAY_IN_ERROR)


async def test_who_changes_a_sealed_message_is_cut() -> None:
    async with foreign_on_stream() as (stream, peer):
        peer.writer.write(b"\0\x20" + bytes(32))
        assert "cannot be opened" in await _broken(stream)


async def test_an_end_of_the_connection_is_no_end_of_the_stream() -> None:
    async with foreign_on_stream() as (stream, peer):
        peer.say(data(1, b"half of a mess"))
        peer.writer.write_eof()
        assert await stream.read() == b"half of a mess"
        await _broken(stream)


async def test_a_drop_of_the_stream_breaks_it() -> None:
    async with foreign_on_stream() as (stream, peer):
        peer.say(data(1, b"", YamuxFlag.RST))
        assert "dropped the stream" in await _broken(stream)


@pytest.mark.parametrize(
    "said",
    [
        header(YamuxKind.PING, YamuxFlag.SYN, 0, 1),
        header(YamuxKind.WINDOW, 0, 1, 1),
        header(YamuxKind.DATA, 0, 99, 0),
        header(YamuxKind.WINDOW, YamuxFlag.SYN, 3, 0) + header(YamuxKind.DATA, YamuxFlag.RST, 3, 0),
        b"",
        data(1, b"x") * 1000,
    ],
    ids=["pings", "grants", "nothing", "streams that are dropped", "empty messages", "single bytes"],
)
async def test_who_sends_what_carries_nothing_without_end_is_cut(said: bytes) -> None:
    async with foreign_on_stream() as (stream, peer):
        for _ in range(2 * IDLE_BYTES // (len(said) + 18) + 1):
            peer.say(said)
        assert "carry nothing" in await _broken(stream)


async def test_who_sends_such_things_beside_what_carries_something_is_not() -> None:
    async with foreign_on_stream() as (stream, peer):
        rounds = IDLE_BYTES // 30
        for _ in range(rounds):
            peer.say(header(YamuxKind.PING, YamuxFlag.SYN, 0, 1), data(1, b"x"))
        heard = b""
        while len(heard) < rounds:
            heard += await stream.read()
        assert heard == b"x" * rounds


async def test_many_small_frames_are_handed_over_together() -> None:
    async with foreign_on_stream() as (stream, peer):
        heard: list[bytes] = []
        stream.push_to(heard.append)
        peer.say(*(data(1, b"thirteen more") for _ in range(1000)), data(1, b"", YamuxFlag.FIN))
        assert await stream.read() == b""
        assert b"".join(heard) == b"thirteen more" * 1000
        assert len(heard) < 100


async def test_answers_do_not_pile_up_for_who_does_not_read_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "MAX_CONTROL", 100)
    async with foreign_on_stream() as (stream, peer):
        stream.connection.pause_writing()  # as the loop does where the kernel takes no more
        for _ in range(9):
            peer.say(header(YamuxKind.PING, YamuxFlag.SYN, 0, 1))
        assert "has not read" in await _broken(stream)


async def test_who_opens_streams_without_end_is_refused_those_and_no_others() -> None:
    async with foreign_on_stream() as (stream, peer):
        peer.say(*(header(YamuxKind.WINDOW, YamuxFlag.SYN, 2 * number + 3, 0) for number in range(MAX_STREAMS)))
        await peer.hear(header(YamuxKind.WINDOW, YamuxFlag.RST, 2 * MAX_STREAMS + 1, 0))
        peer.say(data(1, b"still here"))
        assert await stream.read() == b"still here"


async def test_a_stream_of_a_connection_that_is_gone_cannot_be_opened() -> None:
    async with joined() as (dialed, _):
        dialed.abort()
        with pytest.raises(ConnectionError, match="has ended"):
            dialed.connection.open("/any", dialed)


@pytest.mark.parametrize(
    "said",
    [header(YamuxKind.PING, YamuxFlag.SYN, 0, 7), b"\1" + header(YamuxKind.PING, 0, 0, 0)[1:]],
    ids=["a ping", "no yamux"],
)
async def test_what_comes_behind_the_end_of_this_side_is_answered_by_nothing(said: bytes) -> None:
    mistakes: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: mistakes.append(told))
    async with foreign_on_stream() as (stream, peer):
        peer.say(data(1, b"", YamuxFlag.FIN))
        closing = asyncio.create_task(stream.aclose())
        await peer.hear_end()
        peer.say(said)
        peer.writer.write_eof()
        await closing
    assert not mistakes


async def test_a_connection_that_breaks_within_the_upgrade_is_given_up() -> None:
    refusals: asyncio.Queue[Exception] = asyncio.Queue()
    async with listening(refusals) as listener:
        reader, writer = await asyncio.open_connection(listener.endpoint.host, listener.endpoint.port)
        writer.write(line_of("/multistream/1.0.0"))
        writer.close()
        await writer.wait_closed()
        assert "connection" in str(await refusals.get())
        async with foreign_dialer(listener) as peer:
            assert peer.upgrade.done
        del reader
