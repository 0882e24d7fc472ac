"""A listener at an inbox: strangers who knock, and a server that goes."""

from __future__ import annotations

import asyncio

import pytest
from nats_scene import at_server

from peerbus.actors.base import HandshakeFailed, StreamBroken
from peerbus.transports.nats import nats_listener
from peerbus.transports.nats.subjects import Subjects, new_token
from peerbus.transports.streams.startups import MAX_STARTUPS

LAN = Subjects("lan")
INBOX = LAN.inbox("bobs-inbox")
DIAL = b"D\x01\0\1\0\0"


@pytest.mark.parametrize("data", [b"D", b"X\x01\0\1\0\0", b"D\x02\0\1\0\0", DIAL + b"more"])
async def test_who_dials_in_another_way_is_refused_and_told_so(data: bytes) -> None:
    async with at_server() as scene:
        listener = await scene.listen()
        stranger = await scene.alice.link("lan")
        session = stranger.session()
        stranger.connection.publish(INBOX, session.subject, [data])
        with pytest.raises(ConnectionRefusedError):
            await session.taken
        refusal = await scene.refused.get()
        assert isinstance(refusal, HandshakeFailed)
        assert refusal.reason == "protocol"
        stranger.drop(session)
        stranger.let_go()
        await listener.aclose()


async def test_nothing_is_published_to_subjects_that_are_no_nodes() -> None:
    async with at_server() as scene:
        listener = await scene.listen()
        stranger = await scene.alice.link("lan")
        for reply in (b"$SYS.REQ.SERVER.PING", b"orders.new", Subjects("wan").session(new_token(), 1)):
            stranger.connection.publish(INBOX, reply, [DIAL])
            stranger.connection.publish(INBOX, reply, [])
        dialed = await scene.dial()
        named = {subject for subject, _ in scene.server.published}
        assert all(subject.startswith(LAN.prefix.encode()) for subject in named)
        stranger.let_go()
        await asyncio.gather(dialed.aclose(), (await listener.accept()).aclose(), listener.aclose())


async def test_a_crowd_that_never_shakes_hands_is_bounded_and_over_with_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nats_listener, "HANDSHAKE_TIMEOUT", 0.2)
    async with at_server() as scene:
        listener = await scene.listen()
        stranger = await scene.alice.link("lan")
        crowd = [stranger.session() for _ in range(MAX_STARTUPS[2] + 40)]
        for session in crowd:
            stranger.connection.publish(INBOX, session.subject, [DIAL])
        reasons = [(await scene.refused.get()) for _ in crowd]
        kinds = {error.reason for error in reasons if isinstance(error, HandshakeFailed)}
        assert "timeout" in kinds
        for session in crowd:
            stranger.drop(session)
        stranger.let_go()
        dialed = await scene.dial()
        await asyncio.gather(dialed.aclose(), (await listener.accept()).aclose(), listener.aclose())


async def test_a_listener_whose_server_goes_says_so_and_its_streams_break() -> None:
    async with at_server() as scene:
        listener = await scene.listen()
        dialed, accepted = await asyncio.gather(scene.dial(), listener.accept())
        await scene.server.stop()
        for waiting in (listener.accept(), dialed.read(), accepted.read()):
            with pytest.raises(StreamBroken):
                await waiting
        await asyncio.gather(dialed.aclose(), accepted.aclose(), listener.aclose())
        await scene.server.start()
        async with scene.joined() as (again, _):
            assert again.peer_id
