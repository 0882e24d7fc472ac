"""A stream on a socket: how it is tuned, and how it ends."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

import pytest
import uvloop
from tcp_scene import (
    ALICE,
    BOB,
    listening,
)

from peerbus.actors.base.errors import StreamBroken
from peerbus.transports.streams import socket_stream
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.socket_stream import SocketStream
from peerbus.transports.streams.tcp import TcpTransport


async def test_sockets_are_tuned_for_messages() -> None:
    async with listening(TcpTransport(BOB)) as listener:
        dialed = await TcpTransport(ALICE).dial(listener.endpoint, expect=None, timeout=5)
        accepted = await listener.accept()
        for stream in (dialed, accepted):
            assert isinstance(stream, SocketStream)
            option: Callable[[int, int], int] = stream._socket.getsockopt
            assert option(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert option(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert option(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
            assert option(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == 128 * 1024
        await asyncio.gather(dialed.aclose(), accepted.aclose())


async def test_a_cut_connection_is_no_end() -> None:
    plain = TcpTransport(plaintext=True)
    async with listening(plain) as listener:
        dialed = await plain.dial(listener.endpoint, expect=None, timeout=5)
        accepted = await listener.accept()
        dialed.abort()
        with pytest.raises(StreamBroken, match="reset"):
            await accepted.read()
        await asyncio.gather(dialed.aclose(), accepted.aclose())
        assert repr(dialed).endswith("lost>")


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_stream_is_closed_that_was_reset_a_moment_ago(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def run() -> None:
        loop, plain = asyncio.get_running_loop(), TcpTransport(plaintext=True)
        with socket.create_server(("127.0.0.1", 0)) as listening_socket:
            listening_socket.setblocking(False)
            there = Endpoint.parse(f"tcp://127.0.0.1:{listening_socket.getsockname()[1]}")
            dialed = await plain.dial(there, expect=None, timeout=5)
            accepted, _ = await loop.sock_accept(listening_socket)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        accepted.close()
        await dialed.aclose()  # in the very turn: the loop has told nobody yet

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run())


async def test_what_the_system_has_taken_arrives_although_the_other_side_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket_stream, "FLUSH_TIMEOUT", 0.01)
    loop, plain, body = asyncio.get_running_loop(), TcpTransport(plaintext=True), bytes(60_000)
    with socket.create_server(("127.0.0.1", 0)) as listening_socket:
        listening_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # the rest stays with the sender
        listening_socket.setblocking(False)
        there = Endpoint.parse(f"tcp://127.0.0.1:{listening_socket.getsockname()[1]}")
        dialed = await plain.dial(there, expect=None, timeout=5)
        accepted, _ = await loop.sock_accept(listening_socket)
    with accepted:
        dialed.write(body)
        assert not dialed.transport.get_write_buffer_size()
        await dialed.aclose()
        found = b""
        while data := await loop.sock_recv(accepted, 65_536):
            found += data
    assert found == body


@pytest.mark.parametrize("plaintext", [True, False])
@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_where_one_write_has_failed_those_behind_it_are_not_made(
    plaintext: bool, loop_factory: Callable[[], asyncio.AbstractEventLoop], caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with listening(TcpTransport(BOB, plaintext=plaintext)) as listener:
            dialed = await TcpTransport(ALICE, plaintext=plaintext).dial(listener.endpoint, expect=None, timeout=5)
            accepted = await listener.accept()
            assert isinstance(dialed, SocketStream)
            dialed._socket.shutdown(socket.SHUT_WR)
            for _ in range(10):
                dialed.write(b"a message")
                dialed.writelines([bytes(40_000), b"the rest"])
            with pytest.raises(StreamBroken):
                await dialed.read()
            with pytest.raises(StreamBroken):
                dialed.write(b"a message")
            await asyncio.gather(dialed.aclose(), accepted.aclose())

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run())
    assert [record for record in caplog.records if record.name == "asyncio"] == []  # each loop says it at the sixth


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_an_end_without_tls_close_is_a_break(loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(_truncate())


async def _truncate() -> None:
    async with listening(TcpTransport(BOB)) as listener:
        dialed = await TcpTransport(ALICE).dial(listener.endpoint, expect=None, timeout=5)
        accepted = await listener.accept()
        # What somebody in between can do: end the TCP connection, as if all had been said.
        assert isinstance(dialed, SocketStream)
        dialed._socket.shutdown(socket.SHUT_WR)
        with pytest.raises(StreamBroken, match="without an end"):
            await accepted.read()
        await asyncio.gather(dialed.aclose(), accepted.aclose())
