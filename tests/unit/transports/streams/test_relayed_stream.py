"""TLS over a relay that is not trusted: it can cut, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import pytest
from nats_scene import BOB, at_server
from virtual_time import eventually

from peerbus.actors.base import HandshakeFailed, StreamBroken
from peerbus.testing.suites.transport_pair import until_broken
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.relay_flow import DATA, FlowOut
from peerbus.transports.streams.relayed_stream import HANDSHAKE_WINDOW, RelayedStream
from peerbus.transports.streams.tls import server_context
from peerbus.transports.streams.tls_session import HANDSHAKE_BYTES
from peerbus.transports.streams.transport import RECEIVE_BUFFER


async def until_it_breaks(stream: RelayedStream) -> None:
    while True:
        await stream.read()


@pytest.mark.parametrize("lost", range(1, 4))
async def test_a_message_that_the_server_loses_breaks_the_stream(lost: int) -> None:
    async with at_server() as scene, scene.joined() as (dialed, accepted):
        scene.server.lose = lost
        with contextlib.suppress(StreamBroken):
            for number in range(lost + 1):
                dialed.write(b"piece %d" % number)
        with pytest.raises(StreamBroken, match="missing"):
            await until_it_breaks(accepted)
        with pytest.raises(StreamBroken, match="broke the stream off"):
            await until_it_breaks(dialed)


async def test_what_the_other_side_does_not_take_is_said() -> None:
    async with at_server() as scene, scene.joined() as (dialed, accepted):
        assert dialed.retained == 0
        body = bytes(1_500_000)
        dialed.write(body)
        assert dialed.retained > len(body) - HANDSHAKE_WINDOW - RECEIVE_BUFFER
        left = len(body)
        while left:
            left -= len(await accepted.read())
        await eventually(lambda: dialed.retained == accepted.retained == 0)


async def test_what_a_server_changes_breaks_the_stream() -> None:
    async with at_server() as scene, scene.joined() as (dialed, accepted):
        dialed.write(b"before")
        assert await accepted.read() == b"before"
        scene.server.lose = 1
        lost = scene.server.next_lost()
        dialed.write(b"changed")
        subject, data = await lost
        scene.server.resend(subject, data[:-1] + bytes([data[-1] ^ 1]))
        with pytest.raises(StreamBroken, match="TLS"):
            await until_it_breaks(accepted)


async def test_an_end_that_only_the_server_says_is_a_cut() -> None:
    async with at_server() as scene, scene.joined() as (dialed, accepted):
        dialed.write(b"half of it")
        assert await accepted.read() == b"half of it"
        scene.server.lose = 1
        lost = scene.server.next_lost()
        dialed.write(b"the other half")
        subject, data = await lost
        scene.server.resend(subject, b"E" + data[1:5])
        with pytest.raises(StreamBroken, match="cut"):
            await until_it_breaks(accepted)


async def test_a_node_that_is_gone_is_noticed_with_the_next_word() -> None:
    async with at_server() as scene, scene.joined() as (dialed, accepted):
        scene.server.forget(accepted._relay.subject)  # type: ignore[attr-defined]  # where the server delivers it
        dialed.write(b"are you there?")
        await until_broken(dialed)
        with pytest.raises(StreamBroken, match="nobody listens"):
            await until_it_breaks(dialed)
        accepted.abort()


async def test_what_is_for_a_stream_that_is_over_is_answered_with_a_reset() -> None:
    async with at_server() as scene:
        listener = await scene.listen()
        dialed, accepted = await asyncio.gather(scene.dial(), listener.accept())
        scene.server.lose = 1  # the last word of the one that goes
        lost = scene.server.next_lost()
        accepted.abort()
        await lost
        dialed.write(b"are you there?")
        with pytest.raises(StreamBroken):
            await until_it_breaks(dialed)
        await asyncio.gather(dialed.aclose(), listener.aclose())


class Line:
    """A relay that keeps what is to be carried."""

    busy = False
    window = HANDSHAKE_WINDOW
    largest = HANDSHAKE_WINDOW

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.is_closed = False

    def send(self, parts: Sequence[bytes | memoryview]) -> None:
        self.sent.append(b"".join(parts))

    def closed(self) -> None:
        self.is_closed = True

    async def released(self) -> None:
        pass


async def test_a_handshake_of_too_many_bytes_ends_that_stream_and_raises_nothing_where_it_came_from() -> None:
    """What carries it carries others as well: they would all be lost with it."""
    line, flow = Line(), FlowOut(HANDSHAKE_WINDOW)
    stream = RelayedStream(line, server_context(BOB), server_side=True, place=Endpoint("memory", path="line"))
    stream.opened(HANDSHAKE_WINDOW)
    # A ClientHello that says it has 128 KiB, the most that OpenSSL waits for.
    stream.message(flow.head(DATA) + b"\x16\x03\x01\x3f\xfc\x01\x01\xff\xff\x03\x03".ljust(5 + 0x3FFC, b"\0"))
    stream.message(flow.head(DATA) + b"\x16\x03\x01\x3f\xfc".ljust(5 + 0x3FFC, b"\0"))
    with pytest.raises(HandshakeFailed, match=f"more than {HANDSHAKE_BYTES} bytes"):
        await stream.ready
    assert line.is_closed
