"""Peers that lie or hang in their first bytes and their handshake: refused, with a reason that both sides have."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from collections.abc import Callable

import pytest
from certificates import foreign_context
from hostile_scene import BOTH, STRANGER, Scene, by_memory, by_tls, charged, frame, play
from stranger import PREFACE, Stranger, hello_map
from virtual_time import eventually, in_real_time, in_virtual_time, log_of_the_loop

from peerbus.transports.streams.endpoint import Endpoint

FIRST_BYTES: dict[str, tuple[Callable[[str], bytes], str | None]] = {
    "magic": (lambda me: b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", None),
    "version": (lambda me: b"peerbus\0" + struct.pack(">HH", 7, 9), "version"),
    "network": (lambda me: PREFACE + frame(0, hello_map(me, network="other")), "network"),
    "node_id": (lambda me: PREFACE + frame(0, hello_map("f" * 64)), "node_id"),
    "no_name": (lambda me: PREFACE + frame(0, hello_map(me, name=None)), "bad_field"),
    "bad_name": (lambda me: PREFACE + frame(0, hello_map(me, name="")), "bad_field"),
    "bad_offer": (lambda me: PREFACE + frame(0, hello_map(me, offers=[1])), "bad_field"),
    "garbage": (lambda me: PREFACE + b"\0\0\0\4\xc1\xc1\xc1\xc1", "bad_frame"),
    "too_large": (lambda me: PREFACE + b"\0\1\0\1", "frame_too_large"),
    "too_early": (lambda me: PREFACE + frame(9, 1), "unexpected_frame"),
    "two_hellos": (lambda me: PREFACE + 2 * frame(0, hello_map(me)), "unexpected_frame"),
}


@BOTH
@pytest.mark.parametrize("case", FIRST_BYTES)
def test_a_peer_whose_first_bytes_are_wrong_is_refused_with_the_reason(case: str, kind: str) -> None:
    make, reason = FIRST_BYTES[case]

    async def script(scene: Scene) -> None:
        stranger = await scene.dial()
        stranger.write(make(STRANGER.node_id))
        if reason is None:
            await stranger.preface()
            heard = await stranger.until("REJECT", "GOAWAY")
            assert heard == ["END"]
        else:
            await stranger.preface()
            heard = await stranger.until("REJECT", "GOAWAY")
            assert heard[1] == reason
            assert await stranger.until("REJECT") == ["END"]
        await eventually(lambda: (reason or "magic") in log_of_the_loop().reasons("connection refused"))
        await scene.is_well()

    play(kind, script)


#: Of the first bytes of a peer that has proven who it is, those that break the protocol, or lie.
FAULTS = ("magic", "node_id", "no_name", "bad_name", "bad_offer", "garbage", "too_large", "too_early", "two_hellos")


@in_virtual_time
async def test_who_has_proven_an_id_is_charged_for_every_fault_of_its_handshake() -> None:
    async with by_memory() as scene:
        stranger = await scene.dial()
        await stranger.shake_hands(STRANGER.node_id)
        await eventually(lambda: STRANGER.node_id in scene.node.peers)
        for times, case in enumerate(FAULTS, 1):
            stranger = await scene.dial()
            stranger.write(FIRST_BYTES[case][0](STRANGER.node_id))
            await eventually(lambda times=times: charged(scene.node) == times)  # type: ignore[misc]  # of this round
        (ban,) = scene.node.snapshot().peers.bans
        assert (ban.target, ban.reason) == (STRANGER.node_id, "protocol")
        for case in FIRST_BYTES.keys() - FAULTS:
            stranger = await scene.dial()
            stranger.write(FIRST_BYTES[case][0](STRANGER.node_id))
            await stranger.until("REJECT")
        assert charged(scene.node) == len(FAULTS)
        await scene.is_well()


@BOTH
def test_a_node_that_reaches_itself_is_refused(kind: str) -> None:
    async def script(scene: Scene) -> None:
        stranger = await scene.dial(scene.node.identity)
        stranger.write(PREFACE)
        stranger.send("HELLO", hello_map(scene.node.node_id))
        await stranger.preface()
        assert (await stranger.until("REJECT"))[1] == "self_dial"
        await eventually(lambda: "self_dial" in log_of_the_loop().reasons("connection refused"))
        await scene.is_well()

    play(kind, script)


@in_virtual_time
async def test_a_handshake_that_hangs_is_given_up_after_five_seconds() -> None:
    async with by_memory() as scene:
        loop = asyncio.get_running_loop()
        for first in (b"", PREFACE, PREFACE + frame(0, hello_map(STRANGER.node_id))):
            since = loop.time()
            stranger = await scene.dial()
            stranger.write(first)
            await stranger.preface()
            assert (await stranger.until("REJECT", "GOAWAY"))[1] == "timeout"
            assert 5 <= loop.time() - since < 5.1
        assert log_of_the_loop().reasons("connection refused") == ["timeout"] * 3
        await scene.is_well()


@pytest.mark.parametrize("certificate", ["none", "foreign"])
@in_real_time
async def test_a_peer_without_a_good_certificate_is_refused(certificate: str) -> None:
    async with by_tls() as scene:
        port = Endpoint.parse(scene.node.endpoints[0]).port
        if certificate == "none":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        else:
            context = foreign_context(STRANGER)
        heard = b""
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            stranger = await Stranger.by_tls(port, STRANGER, context)
            heard = await stranger.preface()
            stranger.close()
        assert heard == b""
        await eventually(lambda: "certificate" in log_of_the_loop().reasons("connection refused"))
        await scene.is_well()
