"""TCP: who is let in, who is not, and that neither delays the others."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl

import pytest
from tcp_scene import (
    ALICE,
    BOB,
    LOOPBACK,
    MALLORY,
    Refusals,
    connect,
    listening,
    raw_connections,
)

from peerbus.actors.base.errors import DialFailed, HandshakeFailed, ListenFailed
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.names import Names
from peerbus.transports.streams.tcp import TcpTransport


def test_without_an_identity_plaintext_must_be_said() -> None:
    with pytest.raises(ValueError, match="plaintext=True"):
        TcpTransport()


async def test_a_stranger_without_tls_is_refused_with_a_reason() -> None:
    refusals = Refusals()
    async with listening(TcpTransport(BOB), refusals) as listener:
        with raw_connections(listener, 1) as (sock,):
            sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
            error = await refusals.next()
            assert error.reason == "tls"
        await connect(TcpTransport(ALICE), listener)


async def test_a_stranger_who_hangs_up_is_refused_with_a_reason() -> None:
    refusals = Refusals()
    async with listening(TcpTransport(BOB), refusals) as listener:
        with raw_connections(listener, 1):
            pass
        assert (await refusals.next()).reason == "connection"
        await connect(TcpTransport(ALICE), listener)


async def test_a_client_without_a_certificate_is_refused_with_a_reason() -> None:
    refusals = Refusals()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    async with listening(TcpTransport(BOB), refusals) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.endpoint.port, ssl=context)
        assert (await refusals.next()).reason == "certificate"
        with contextlib.suppress(ssl.SSLError):
            assert await reader.read() == b""
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        await connect(TcpTransport(ALICE), listener)


async def test_a_node_that_relays_is_not_taken_for_the_one_behind_it() -> None:
    async with listening(TcpTransport(BOB)) as bob, listening(TcpTransport(MALLORY)) as mallory:
        relay = await TcpTransport(MALLORY).dial(bob.endpoint, expect=BOB.node_id, timeout=5)
        with pytest.raises(HandshakeFailed, match=f"dialed {BOB.node_id}, but {MALLORY.node_id}") as raised:
            await TcpTransport(ALICE).dial(mallory.endpoint.without_peer(), expect=BOB.node_id, timeout=5)
        assert raised.value.reason == "node_id"
        accepted = await bob.accept()
        assert accepted.peer_id == MALLORY.node_id
        await asyncio.gather(relay.aclose(), accepted.aclose())


async def test_a_plaintext_stream_proves_nobody() -> None:
    plain = TcpTransport(plaintext=True)
    async with listening(plain) as listener:
        dialed = await plain.dial(listener.endpoint, expect=BOB.node_id, timeout=5)
        accepted = await listener.accept()
        assert dialed.peer_id is accepted.peer_id is None
        assert not dialed.secure
        await asyncio.gather(dialed.aclose(), accepted.aclose())


async def test_a_plaintext_dialer_and_a_secure_listener_do_not_meet() -> None:
    refusals = Refusals()
    async with listening(TcpTransport(BOB), refusals) as listener:
        dialed = await TcpTransport(plaintext=True).dial(listener.endpoint, expect=None, timeout=5)
        dialed.write(b"peerbus\0" * 4)
        assert (await refusals.next()).reason == "tls"
        await dialed.aclose()


async def test_every_address_of_a_name_is_tried() -> None:
    async with listening(TcpTransport(BOB)) as listener:
        # Nobody listens on 127.0.0.2, nor on the IPv6 loopback at this port.
        names = Names(lambda name: {"bob.example": ["127.0.0.2", "::1", "127.0.0.1"]}[name])
        endpoint = Endpoint("tcp", host="bob.example", port=listener.endpoint.port, peer_id=BOB.node_id)
        dialed = await TcpTransport(ALICE, names=names).dial(endpoint, expect=None, timeout=5)
        accepted = await listener.accept()
        assert str(dialed.remote) == str(listener.endpoint)
        await asyncio.gather(dialed.aclose(), accepted.aclose())


async def test_a_name_stands_for_its_places_and_an_address_for_itself() -> None:
    transport = TcpTransport(ALICE, names=Names(lambda _: ["127.0.0.2", "::1"]))
    endpoint = Endpoint("tcp", host="bob.example", port=7400, peer_id=BOB.node_id)
    assert await transport.places(endpoint, timeout=5) == (
        Endpoint("tcp", host="127.0.0.2", port=7400, peer_id=BOB.node_id),
        Endpoint("tcp", host="::1", port=7400, peer_id=BOB.node_id),
    )
    assert await transport.places(LOOPBACK, timeout=5) == (LOOPBACK,)


async def test_a_name_that_nobody_knows_is_an_error_that_says_so() -> None:
    def unknown(_: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    endpoint = Endpoint("tcp", host="bob.example", port=1)
    transport = TcpTransport(ALICE, names=Names(unknown))
    for failing in (transport.dial(endpoint, expect=None, timeout=5), transport.places(endpoint, timeout=5)):
        with pytest.raises(DialFailed, match=r"tcp://bob\.example:1: the name cannot be resolved"):
            await failing
    with pytest.raises(ListenFailed) as failed:
        await transport.listen(endpoint)
    why = "the name cannot be resolved: Name or service not known"
    assert str(failed.value) == f"tcp://bob.example:1: {why}; write an address"


async def test_a_dial_that_fails_says_once_where_and_why() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    endpoint = Endpoint("tcp", host="127.0.0.1", port=port)  # nobody listens there any more
    with pytest.raises(DialFailed) as failed:
        await TcpTransport(ALICE).dial(endpoint, expect=None, timeout=5)
    assert str(failed.value) == f"{endpoint}: Connection refused"
    names = Names(lambda _: ["127.0.0.1", "127.0.0.2"])
    endpoint = Endpoint("tcp", host="bob.example", port=port)
    with pytest.raises(DialFailed) as failed:
        await TcpTransport(ALICE, names=names).dial(endpoint, expect=None, timeout=5)
    assert str(failed.value) == f"{endpoint}: 127.0.0.1: Connection refused; 127.0.0.2: Connection refused"


async def test_an_address_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = Endpoint("tcp", host="127.0.0.1", port=silent.getsockname()[1])
        with pytest.raises(DialFailed, match="no answer within"):
            await TcpTransport(ALICE).dial(endpoint, expect=None, timeout=0.05)


async def test_port_zero_cannot_be_dialed() -> None:
    with pytest.raises(DialFailed, match="port 0"):
        await TcpTransport(ALICE).dial(LOOPBACK, expect=None, timeout=1)


async def test_two_different_expectations_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="names one node"):
        await TcpTransport(ALICE).dial(LOOPBACK.with_peer(BOB.node_id), expect=ALICE.node_id, timeout=1)
