"""A failed handshake is told in the bus's words; a given-up one leaves nothing."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable

import pytest
import uvloop

from peerbus.actors.base import HandshakeFailed
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.socket_handshake import handshake_error, open_stream
from peerbus.transports.streams.tls import client_context, server_context
from peerbus.transports.streams.tls_session import HANDSHAKE_BYTES, TlsRefused

ALICE = Identity.from_seed(b"a" * 32)
BOB = Identity.from_seed(b"b" * 32)


def ssl_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}]")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "reason", "text", "by_peer"),
    [
        (ConnectionResetError(104, "reset by peer"), "connection", "reset by peer", False),
        (ssl_error("PEER_DID_NOT_RETURN_A_CERTIFICATE"), "certificate", "did not return", False),
        (ssl_error("TLSV13_ALERT_CERTIFICATE_REQUIRED"), "certificate", "certificate required", True),
        (ssl_error("TLSV1_ALERT_UNKNOWN_CA"), "certificate", "unknown ca", True),
        (ssl_error("HTTP_REQUEST"), "tls", "http request", False),
        (ssl_error("TLSV1_ALERT_PROTOCOL_VERSION"), "tls", "protocol version", True),
        (TlsRefused("a handshake of too many bytes"), "tls", "too many bytes", False),
    ],
)
def test_the_reason_says_what_failed_and_who_said_so(error: OSError, reason: str, text: str, by_peer: bool) -> None:
    failure = handshake_error(error)
    assert (failure.reason, failure.by_peer) == (reason, by_peer)
    assert text in failure.text


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("server_side", [True, False])
@pytest.mark.parametrize("turns", range(5))
def test_a_handshake_given_up_at_any_moment_closes_its_socket(
    loop_factory: Callable[[], asyncio.AbstractEventLoop], server_side: bool, turns: int
) -> None:
    async def give_up() -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        context = server_context(BOB) if server_side else client_context(BOB)
        opening = asyncio.create_task(open_stream(ours, tls=context, server_side=server_side))
        for _ in range(turns):
            await asyncio.sleep(0)
        opening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await opening
        if not turns:
            ours.close()  # it was never taken over
        theirs.setblocking(False)
        with theirs:
            while await asyncio.get_running_loop().sock_recv(theirs, 4096):
                pass

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(give_up())


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_both_sides_of_one_socket_pair_agree(loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def agree() -> None:
        ours, theirs = socket.socketpair()
        for sock in (ours, theirs):
            sock.setblocking(False)
        alice, bob = await asyncio.gather(
            open_stream(ours, tls=client_context(ALICE), server_side=False),
            open_stream(theirs, tls=server_context(BOB), server_side=True),
        )
        assert (alice.peer_id, bob.peer_id) == (BOB.node_id, ALICE.node_id)
        alice.write(b"first words")
        assert await bob.read() == b"first words"
        await asyncio.gather(alice.aclose(), bob.aclose())

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(agree())


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_handshake_of_too_many_bytes_fails_in_the_words_of_the_bus(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def shake() -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            # A ClientHello that says it has 128 KiB, the most that OpenSSL waits for.
            theirs.send(b"\x16\x03\x01\x3f\xfc\x01\x01\xff\xff\x03\x03".ljust(5 + 0x3FFC, b"\0"))
            theirs.send(b"\x16\x03\x01\x3f\xfc".ljust(5 + 0x3FFC, b"\0"))
            with pytest.raises(HandshakeFailed, match=f"more than {HANDSHAKE_BYTES} bytes"):
                await open_stream(ours, tls=server_context(BOB), server_side=True)
            theirs.setblocking(False)
            while await asyncio.get_running_loop().sock_recv(theirs, 4096):
                pass  # until it has closed

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(shake())
