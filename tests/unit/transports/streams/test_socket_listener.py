"""A listener on a socket: whoever comes is taken in time, or refused, and delays nobody."""

from __future__ import annotations

import asyncio
import socket
from random import Random

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
from virtual_time import eventually

from peerbus.actors.base.errors import StreamBroken
from peerbus.transports.streams import socket_listener
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.startups import Startups
from peerbus.transports.streams.tcp import TcpTransport


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


async def test_more_pending_handshakes_than_there_are_places_are_refused_at_once() -> None:
    refusals = Refusals()
    async with listening(TcpTransport(BOB), refusals) as listener:
        listener._startups = Startups(Random(1), max_startups=(8, 1.0, 8))
        with raw_connections(listener, 9) as strangers:
            for sock in strangers:
                sock.send(b"\x16")  # a handshake begins so (RFC 8446 §5.1), and this one goes no further
            assert (await refusals.next()).reason == "busy"
        await eventually(lambda: not len(listener._startups))
        await connect(TcpTransport(ALICE), listener)


async def test_who_says_nothing_for_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_listener, "HANDSHAKE_TIMEOUT", 0.0)
    refusals = Refusals()
    async with listening(TcpTransport(BOB), refusals) as listener:
        with raw_connections(listener, 3):
            for _ in range(3):
                assert (await refusals.next()).reason == "timeout"
            assert len(listener._startups) == 0


async def test_a_stream_counts_until_it_is_settled_where_somebody_guards_the_listener() -> None:
    async with listening(TcpTransport(BOB)) as listener:
        listener.guard(lambda _host: False)
        dialed = await TcpTransport(ALICE).dial(listener.endpoint, expect=None, timeout=5)
        accepted = await listener.accept()
        assert len(listener._startups) == 1
        accepted.settle()
        assert len(listener._startups) == 0
        await asyncio.gather(dialed.aclose(), accepted.aclose())


async def test_a_stream_that_is_gone_counts_no_more() -> None:
    async with listening(TcpTransport(BOB)) as listener:
        listener.guard(lambda _host: False)
        dialed = await TcpTransport(ALICE).dial(listener.endpoint, expect=None, timeout=5)
        accepted = await listener.accept()
        dialed.abort()
        await eventually(lambda: not len(listener._startups))
        await accepted.aclose()


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
