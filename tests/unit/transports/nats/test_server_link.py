"""What the streams of a node share at a server: credit, turns, and the connection."""

from __future__ import annotations

import asyncio

import pytest
from nats_scene import at_server

from peerbus.actors.base import DialFailed
from peerbus.transports.nats.relayed_stream import HANDSHAKE_WINDOW
from peerbus.transports.nats.server_link import GRANTED, MAX_STREAMS, MOST_FOR_ONE

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
