"""Nodes at one server: who is reached, through which server, and who is not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fake_nats import fake_nats
from nats_scene import ALICE, BOB, at_server

from peerbus.actors.base import DialFailed, HandshakeFailed, ListenFailed, StreamBroken
from peerbus.transports.kinds import read_endpoint
from peerbus.transports.nats import NatsServer, NatsTransport, nats_transport
from peerbus.transports.nats.server_connection import ServerConnection, open_connection


async def test_a_place_at_another_server_is_dialed_through_our_own() -> None:
    async with at_server() as scene, fake_nats() as foreign:
        listener = await scene.listen()
        told = read_endpoint(f"nats://127.0.0.1:{foreign.port}/lan/bobs-inbox")
        dialed = await scene.dial(told)
        assert dialed.peer_id == BOB.node_id
        assert not foreign.clients
        assert not foreign.published
        await asyncio.gather(dialed.aclose(), (await listener.accept()).aclose(), listener.aclose())


async def test_neither_what_is_said_nor_who_says_it_can_be_read_at_the_server() -> None:
    async with at_server() as scene, scene.joined() as (dialed, accepted):
        dialed.write(b"the secret of the network")
        assert await accepted.read() == b"the secret of the network"
        seen = b"".join(subject + data for subject, data in scene.server.published)
        for secret in (b"secret", b"lan", ALICE.node_id.encode(), BOB.node_id.encode()):
            assert secret not in seen


async def test_streams_and_listeners_of_a_node_share_a_connection_and_the_last_one_ends_it() -> None:
    async with at_server() as scene:
        async with scene.joined() as (dialed, accepted):
            other = await scene.dial()
            assert len(scene.server.clients) == 2
            await other.aclose()
        del dialed, accepted
        await scene.server.empty()
        assert not scene.server.clients


async def test_the_next_server_is_tried_where_one_is_not_there() -> None:
    async with at_server() as scene:
        scene.alice = NatsTransport(ALICE, [NatsServer("127.0.0.1", 1), NatsServer("127.0.0.1", scene.server.port)])
        async with scene.joined() as (dialed, _):
            assert dialed.peer_id == BOB.node_id
            assert scene.alice.servers[0].port == scene.server.port


async def test_a_dial_that_cannot_succeed_says_why() -> None:
    async with at_server() as scene:
        with pytest.raises(DialFailed, match="nobody listens"):
            await scene.dial()
        with pytest.raises(DialFailed, match="no inbox"):
            await scene.dial(read_endpoint(f"nats://127.0.0.1:{scene.server.port}/lan"))
        scene.alice = NatsTransport(ALICE, [NatsServer("127.0.0.1", 1)])
        with pytest.raises(DialFailed, match=r"127\.0\.0\.1:1"):
            await scene.dial()
        scene.bob = scene.alice
        with pytest.raises(ListenFailed, match=r"127\.0\.0\.1:1"):
            await scene.listen()
        with pytest.raises(ValueError, match="needs a NATS server"):
            NatsTransport(ALICE, [])


async def test_another_node_than_the_one_that_was_meant_is_refused() -> None:
    async with at_server() as scene:
        listener = await scene.listen()
        with pytest.raises(HandshakeFailed, match="dialed"):
            await scene.dial(scene.place.with_peer(ALICE.node_id))
        await listener.aclose()


async def test_one_inbox_has_one_listener() -> None:
    async with at_server() as scene:
        listener = await scene.listen()
        with pytest.raises(ListenFailed, match="another node"):
            await scene.alice.listen(scene.place)
        await listener.aclose()


async def test_who_may_not_publish_is_told_so_and_not_that_another_listens() -> None:
    async with at_server() as scene:

        def forbids(subject: bytes, _: bytes) -> bool:
            scene.server.say(b"-ERR 'Permissions Violation for Publish to \"%b\"'\r\n" % subject)
            return True

        scene.server.loses = forbids
        with pytest.raises(ListenFailed, match="Permissions Violation for Publish"):
            await scene.listen()
        with pytest.raises(DialFailed, match="Permissions Violation for Publish"):
            await scene.dial()


@pytest.mark.parametrize("answers", range(3))
async def test_a_server_that_hangs_up_while_it_is_connected_to_fails_the_dial_at_once(answers: int) -> None:
    async with at_server() as scene:
        scene.server.hang_up_after = answers
        with pytest.raises(DialFailed, match=r"hung up|reset|lost|gone"):
            await scene.dial()
        with pytest.raises(ListenFailed, match=r"hung up|reset|lost|gone"):
            await scene.listen()


async def test_a_server_that_is_lost_before_it_is_first_used_fails_the_dial_and_the_listener_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def lost_at_once(*where: Any, **how: Any) -> ServerConnection:
        connection = await open_connection(*where, **how)
        connection.abort()
        await asyncio.wait([connection.closed])
        return connection

    async with at_server() as scene:
        monkeypatch.setattr(nats_transport, "open_connection", lost_at_once)
        with pytest.raises(DialFailed, match="the NATS server is gone"):
            await scene.dial()
        with pytest.raises(ListenFailed, match="the NATS server is gone"):
            await scene.listen()
        scene.bob.meet(lambda places: None)
        listener = await scene.bob.listen(read_endpoint(f"nats://127.0.0.1:{scene.server.port}/lan"))
        with pytest.raises(StreamBroken, match="hung up"):
            await listener.accept()
        await listener.aclose()
        monkeypatch.undo()
        async with scene.joined() as (dialed, _):
            assert dialed.peer_id == BOB.node_id


async def test_a_server_that_says_it_goes_before_it_is_first_used_is_used_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def goes_at_once(*where: Any, **how: Any) -> ServerConnection:
        connection = await open_connection(*where, **how)
        connection.on_leaving()
        return connection

    async with at_server() as scene:
        monkeypatch.setattr(nats_transport, "open_connection", goes_at_once)
        first = await scene.bob.link("lan")
        monkeypatch.undo()
        second = await scene.bob.link("lan")
        assert second is not first
        told: list[Exception] = []
        second.watch("somebody", told.append)
        assert not told
        for link in (first, second):
            link.let_go()
            await link.released()
