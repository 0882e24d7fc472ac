"""What a node that is watched does not answer is said as a word and a text, and it is tried again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from admin_client import PATIENCE
from administered import Place

from peerbus.operate.api.exchange import ApiError
from peerbus.operate.client import AdminTarget
from peerbus.operate.dashboard import watched
from peerbus.operate.dashboard.watched import WatchedNode
from peerbus.operate.serving.places import SocketPlace


@pytest.mark.parametrize("path", ["/v1/node", "/v1/events", "/v1/live"])
async def test_one_that_is_not_there_is_said_to_be_lost(tmp_path: Path, path: str) -> None:
    node = WatchedNode("0", "alice", AdminTarget(SocketPlace(tmp_path / "none.sock")))
    with pytest.raises(ApiError) as refused:
        await node.passed_on("GET", path, b"")
    assert (refused.value.status, refused.value.failure.error) == (502, "node_lost")


async def test_one_that_falls_silent_is_lost_and_one_that_comes_back_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "SILENCE", 0.05)
    monkeypatch.setattr(watched, "AGAIN", 0.05)
    path = tmp_path / "s"
    calls = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        writer.write(b"retry: 1000\n\nevent: picture\ndata: {")
        writer.write(b'"call":%d}\n\n' % calls)
        await reader.read()
        writer.close()

    server = await asyncio.start_unix_server(answer, path)
    heard: asyncio.Queue[bytes | str] = asyncio.Queue()
    node = WatchedNode("7", "alice", AdminTarget(SocketPlace(path)))
    watching = asyncio.create_task(node.pictures(0.25, heard.put_nowait, heard.put_nowait))
    try:
        async with asyncio.timeout(PATIENCE):
            assert await heard.get() == b'event: picture@7\ndata: {"call":1}\n\n'
            assert "no sign of life" in str(await heard.get())
            assert await heard.get() == b'event: picture@7\ndata: {"call":2}\n\n'
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        server.close()
        await server.wait_closed()


async def test_a_stream_that_is_refused_is_answered_as_the_node_answers(place: Place) -> None:
    node = WatchedNode("0", "alice", AdminTarget(SocketPlace(place.socket)))
    answered = await node.passed_on("GET", "/v1/live?every=0", b"")
    assert getattr(answered, "status", None) == 400
    await node.aclose()
