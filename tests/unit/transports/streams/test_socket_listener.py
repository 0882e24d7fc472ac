"""A listener on a socket: whoever comes is taken in time, or refused, and delays nobody."""

from __future__ import annotations

import asyncio
import socket

import pytest
from tcp_scene import (
    ALICE,
    BOB,
    LOOPBACK,
    Refusals,
    closed_by_the_other_side,
    connect,
    listening,
    raw_connections,
)

from peerbus.actors.base.errors import StreamBroken
from peerbus.transports.streams import socket_listener
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.tcp import TcpTransport
from peerbus.transports.streams.transport import MAX_PENDING_HANDSHAKES


async def test_hanging_handshakes_delay_nobody() -> None:
    async with listening(TcpTransport(BOB)) as listener:
        with raw_connections(listener, 3):
            await connect(TcpTransport(ALICE), listener)


async def test_a_hanging_handshake_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_listener, "HANDSHAKE_TIMEOUT", 0.0)
    refusals = Refusals()
    async with listening(TcpTransport(BOB), refusals) as listener:
        with raw_connections(listener, 1) as (sock,):
            assert (await refusals.next()).reason == "timeout"
            assert await closed_by_the_other_side(sock)


async def test_one_pending_handshake_too_many_is_refused_at_once() -> None:
    refusals = Refusals()
    bob = TcpTransport(BOB, max_connections_per_address_per_second=1000)
    async with listening(bob, refusals) as listener:
        with raw_connections(listener, MAX_PENDING_HANDSHAKES + 1) as strangers:
            assert (await refusals.next()).reason == "busy"
            assert await closed_by_the_other_side(strangers[-1])
        for _ in range(MAX_PENDING_HANDSHAKES):
            assert (await refusals.next()).reason == "connection"
        await connect(TcpTransport(ALICE), listener)


async def test_too_many_connections_of_one_address_are_refused() -> None:
    refusals = Refusals()
    bob = TcpTransport(BOB, max_connections_per_address_per_second=2)
    async with listening(bob, refusals) as listener:
        with raw_connections(listener, 3) as strangers:
            assert (await refusals.next()).reason == "rate"
            assert await closed_by_the_other_side(strangers[-1])


async def test_a_callback_that_raises_does_not_end_the_listener() -> None:
    raised = asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: raised.set())

    def on_refused(source: Endpoint | None, error: Exception) -> None:
        raise ValueError(f"{source}: {error}")

    listener = await TcpTransport(BOB).listen(LOOPBACK, on_refused=on_refused)
    with raw_connections(listener, 1):
        pass
    await raised.wait()
    await connect(TcpTransport(ALICE), listener)
    await listener.aclose()


async def test_when_files_run_out_the_listener_waits_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_listener, "_EXHAUSTED_PAUSE", 0.0)
    errors: asyncio.Queue[Exception] = asyncio.Queue()
    listener = await TcpTransport(BOB).listen(LOOPBACK, on_refused=lambda _, error: errors.put_nowait(error))

    class Exhausted(socket.socket):
        failures = 2

        def accept(self) -> tuple[socket.socket, object]:
            if Exhausted.failures:
                Exhausted.failures -= 1
                raise OSError(24, "Too many open files")
            return super().accept()

    real = listener._socket
    listener._socket = Exhausted(fileno=real.detach())
    await connect(TcpTransport(ALICE), listener)
    assert [str(await errors.get()) for _ in range(2)] == ["[Errno 24] Too many open files"] * 2
    await listener.aclose()


async def test_a_lost_listening_socket_ends_accept() -> None:
    listener = await TcpTransport(BOB).listen(LOOPBACK)

    class Lost(socket.socket):
        def accept(self) -> tuple[socket.socket, object]:
            raise OSError(9, "Bad file descriptor")

    real = listener._socket
    listener._socket = Lost(fileno=real.detach())
    with raw_connections(listener, 1), pytest.raises(StreamBroken, match="Bad file descriptor"):
        await listener.accept()
    await listener.aclose()
