"""Sockets that any carrier over TCP may use."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from peerbus.actors.base.errors import DialFailed, HandshakeFailed, ListenFailed
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.names import Names
from peerbus.transports.streams.tcp_sockets import TcpSockets

SOCKETS = TcpSockets("tcp")


async def test_what_is_connected_is_the_callers_and_knows_both_ends() -> None:
    ends: list[tuple[Endpoint, Endpoint]] = []

    async def take(sock: socket.socket) -> socket.socket:
        ends.append(SOCKETS.take_in(sock))
        return sock

    with await SOCKETS.listen(Endpoint("tcp", host="127.0.0.1")) as listening:
        there = SOCKETS.endpoint_of(listening.getsockname())
        with await SOCKETS.dial(there, timeout=5, open_stream=take):
            ((local, remote),) = ends
            assert not SOCKETS.path_of(listening, remote).looks_narrow()
            assert remote == there
            assert local.scheme == "tcp"
            assert local.host == "127.0.0.1"


class Unwilling(socket.socket):
    """One that the system does not let be bound."""

    number = errno.EACCES

    def bind(self, address: object) -> None:
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize(
    ("number", "port", "cure"),
    [
        (errno.EADDRINUSE, 7400, "ss -ltnp sport = :7400"),
        (errno.EADDRNOTAVAIL, 7400, "no address of this machine"),
        (errno.EACCES, 80, "CAP_NET_BIND_SERVICE"),
        (errno.EPERM, 1023, "CAP_NET_BIND_SERVICE"),
        (errno.EACCES, 7400, "Permission denied"),
        (errno.ENOBUFS, 7400, "No buffer space available"),
    ],
)
async def test_where_nothing_can_listen_the_error_says_why_and_what_to_do(
    number: int, port: int, cure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Unwilling, "number", number)
    monkeypatch.setattr("peerbus.transports.streams.tcp_sockets.socket.socket", Unwilling)
    with pytest.raises(ListenFailed) as caught:
        await SOCKETS.listen(Endpoint("tcp", host="127.0.0.1", port=port))
    assert str(caught.value).startswith(f"tcp://127.0.0.1:{port}: {os.strerror(number)}")
    assert cure in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_refusal_at_one_address_is_told_rather_than_failures_at_others() -> None:
    async def refuse(sock: socket.socket) -> None:
        sock.close()
        raise HandshakeFailed("node_id", "somebody else")

    with await SOCKETS.listen(Endpoint("tcp", host="127.0.0.1")) as listening:
        there = SOCKETS.endpoint_of(listening.getsockname())
        with pytest.raises(HandshakeFailed, match="somebody else"):
            await SOCKETS.dial(there, timeout=5, open_stream=refuse)
    with pytest.raises(DialFailed, match="Connection refused"):
        await SOCKETS.dial(there, timeout=5, open_stream=refuse)


async def test_a_socket_that_is_connected_to_nobody_is_closed() -> None:
    sock = socket.socket()
    with pytest.raises(OSError, match="not connected"):
        SOCKETS.take_in(sock)
    assert sock.fileno() == -1


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
async def test_a_link_local_address_without_its_interface_or_with_one_that_is_not_here_says_so() -> None:
    def system(name: str) -> list[str]:
        raise AssertionError(f"{name} was looked up")

    async def never(_: socket.socket) -> None:
        raise AssertionError

    sockets = TcpSockets("tcp", Names(system))
    for place, words in (
        (Endpoint("tcp", host="fe80::7%not-here", port=7400), "no interface is called 'not-here' here: `ip link`"),
        (Endpoint("tcp", host="fe80::7", port=7400), "says the interface as well: [fe80::7%eth0]"),
    ):
        with pytest.raises(DialFailed) as dialed:
            await sockets.dial(place, timeout=5, open_stream=never)
        with pytest.raises(ListenFailed) as listened:
            await sockets.listen(place)
        assert words in str(dialed.value)
        assert words in str(listened.value)
