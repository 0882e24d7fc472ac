"""What the streams of a node share at a server: credit, turns, and the connection."""

from __future__ import annotations

import asyncio

import pytest
from fake_nats import fake_nats
from nats_scene import ALICE, BOB, at_server

from peerbus.actors.base import DialFailed, StreamBroken
from peerbus.transports.nats import NatsServer, NatsTransport
from peerbus.transports.nats.client_protocol import Delivery
from peerbus.transports.nats.server_link import GRANTED, MAX_STREAMS, MOST_FOR_ONE, TAKEN
from peerbus.transports.streams import client_context
from peerbus.transports.streams.relayed_stream import HANDSHAKE_WINDOW, RelayedStream

#: What a server keeps for a client by default before it cuts it off (max_pending).
MAX_PENDING = 64 * 1024 * 1024


async def test_all_streams_together_never_grant_what_would_make_a_server_cut_them_off() -> None:
    async with at_server() as scene:
        link = await scene.alice.link("lan")
        assert GRANTED <= MAX_PENDING // 2
        assert link.window == MOST_FOR_ONE
        sessions = [link.session() for _ in range(64)]
        assert link.window == GRANTED // 64
        sessions += [link.session() for _ in range(MAX_STREAMS - 64)]
        assert link.window == HANDSHAKE_WINDOW
        with pytest.raises(DialFailed, match="already"):
            link.session()
        for session in sessions:
            link.drop(session)
            link.drop(session)
        assert link.window == MOST_FOR_ONE
        link.let_go()


async def test_many_streams_at_once_all_move() -> None:
    async with at_server() as scene:
        listener = await scene.listen()
        dialed = await asyncio.gather(*(scene.dial() for _ in range(8)))
        accepted = [await listener.accept() for _ in dialed]
        data = bytes(range(256)) * 4096

        async def sent(number: int) -> None:
            dialed[number].write(data)
            await dialed[number].drain()

        async def got(number: int) -> int:
            size = 0
            while size < len(data):
                size += len(await accepted[number].read())
            return size

        _, sizes = await asyncio.gather(asyncio.gather(*map(sent, range(8))), asyncio.gather(*map(got, range(8))))
        assert sizes == [len(data)] * 8
        await asyncio.gather(*(stream.aclose() for stream in (*dialed, *accepted)), listener.aclose())


async def test_an_end_that_is_lost_as_soon_as_it_is_taken_tells_its_stream_so() -> None:
    async with at_server() as scene:
        link = await scene.alice.link("lan")
        session = link.session()
        session.heard(Delivery(session.subject, 1, b"", 0, TAKEN + bytes(4) + link.subjects.session("somebody", 1)))
        link.lost(StreamBroken("the server is gone"))
        assert await session.taken == 0
        stream = RelayedStream(session, client_context(ALICE), server_side=False, place=scene.place)
        session.attach(stream)
        with pytest.raises(StreamBroken, match="the server is gone"):
            await stream.ready
        with pytest.raises(DialFailed, match="the NATS server is gone"):
            link.session()
        told: list[Exception] = []
        link.watch(told, told.append)
        assert [str(error) for error in told] == ["the server is gone"]
        link.connection.abort()
        link.let_go()


async def test_of_a_server_that_goes_soon_those_who_listen_leave_at_once_and_what_runs_goes_on() -> None:
    async with at_server() as scene, fake_nats() as other:
        at = [NatsServer("127.0.0.1", server.port) for server in (scene.server, other)]
        scene.alice, scene.bob = NatsTransport(ALICE, at), NatsTransport(BOB, at)
        listener = await scene.listen()
        dialed, accepted = await asyncio.gather(scene.dial(), listener.accept())
        scene.server.leave()
        with pytest.raises(StreamBroken, match="lame duck"):
            await listener.accept()
        await listener.aclose()
        async with scene.joined() as (again, _):
            assert [len(server.clients) for server in (scene.server, other)] == [2, 2]
            assert again.peer_id == BOB.node_id
            for number in range(3):
                dialed.write(b"%d" % number)
                assert await accepted.read() == b"%d" % number
            await scene.server.stop()
            with pytest.raises(StreamBroken):
                await accepted.read()
        await asyncio.gather(dialed.aclose(), accepted.aclose())
