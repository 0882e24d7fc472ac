"""A socket is connected to the very address, on the loop of asyncio and on uvloop."""

from __future__ import annotations

import asyncio
import socket

import pytest

from peerbus.transports.streams.socket_connect import connect


async def test_it_connects_where_somebody_listens_and_says_where_nobody_does() -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client, socket.socket() as late:
        client.setblocking(False)
        await connect(loop, client, server.getsockname())
        assert client.getpeername() == server.getsockname()
        place = server.getsockname()
        server.close()
        late.setblocking(False)
        with pytest.raises(ConnectionRefusedError):
            await connect(loop, late, place)


async def test_a_cancelled_connect_leaves_no_watch_behind() -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, socket.socket() as client:
        client.setblocking(False)
        connecting = asyncio.create_task(connect(loop, client, server.getsockname()))
        connecting.cancel()
        await asyncio.wait([connecting])
        assert not loop.remove_writer(client)
