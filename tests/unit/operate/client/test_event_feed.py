"""A feed goes on where it ended when the node comes back, and tells another run of the node from the same one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest
from admin_client import PATIENCE
from administered import Place

from peerbus.discovery import PeerDown
from peerbus.node import Node
from peerbus.operate import Admin
from peerbus.operate.api import EventView
from peerbus.operate.client import (
    AdminTarget,
    AnswerMalformed,
    EventsMissed,
    NodeBack,
    NodeLost,
    NodeNotReached,
    RequestRefused,
)
from peerbus.operate.client.caller import AdminCaller
from peerbus.operate.client.event_feed import FeedItem, follow_events
from peerbus.operate.serving.places import SocketPlace


def event(number: int) -> PeerDown:
    return PeerDown(f"{number:064x}", "gone")


def numbers(item: FeedItem) -> int:
    assert isinstance(item, EventView)
    return item.number


async def upcoming(feed: AsyncGenerator[FeedItem, None]) -> FeedItem:
    async with asyncio.timeout(PATIENCE):
        return await anext(feed)


def caller(path: Path) -> AdminCaller:
    return AdminCaller(AdminTarget(SocketPlace(path)), timeout=PATIENCE)


async def test_it_has_what_is_kept_and_what_happens(place: Place) -> None:
    async with caller(place.socket) as asks, aclosing(follow_events(asks)) as feed:
        place.node.bus.publish(event(1))
        assert numbers(await upcoming(feed)) == 1
        place.node.bus.publish(event(2))
        assert numbers(await upcoming(feed)) == 2
    async with caller(place.socket) as asks, aclosing(follow_events(asks, after=1)) as feed:
        assert numbers(await upcoming(feed)) == 2
    async with caller(place.socket) as asks, aclosing(follow_events(asks, kinds=["PeerUp", "PeerDown"])) as feed:
        assert numbers(await upcoming(feed)) == 1


async def test_where_its_node_restarts_all_that_the_new_one_says_is_new(tmp_path: Path) -> None:
    path = tmp_path / "alice.sock"
    async with caller(path) as asks, aclosing(follow_events(asks)) as feed:
        async with Node("alice", extensions=[Admin(str(path))]) as node:
            node.bus.publish(event(1))
            node.bus.publish(event(2))
            assert [numbers(await upcoming(feed)) for _ in range(2)] == [1, 2]
            waiting = asyncio.ensure_future(upcoming(feed))
        lost = await waiting
        while isinstance(lost, EventView):  # the ends of its actors
            lost = await upcoming(feed)
        assert isinstance(lost, NodeLost)
        assert str(path) in lost.why
        async with Node("alice", extensions=[Admin(str(path))]) as node:
            for number in range(3):
                node.bus.publish(event(number))
            assert await upcoming(feed) == NodeBack(restarted=True)
            assert [numbers(await upcoming(feed)) for _ in range(3)] == [1, 2, 3]


async def test_where_only_the_stream_broke_it_goes_on_behind_what_it_had(place: Place) -> None:
    async with caller(place.socket) as asks, aclosing(follow_events(asks)) as feed:
        place.node.bus.publish(event(1))
        assert numbers(await upcoming(feed)) == 1
        waiting = asyncio.ensure_future(upcoming(feed))
        await place.admin.aclose()
        assert isinstance(await waiting, NodeLost)
        place.node.bus.publish(event(2))
        again = Admin(str(place.socket))
        await again.start(place.node)
        assert await upcoming(feed) == NodeBack(restarted=False)
        assert numbers(await upcoming(feed)) == 2
        await feed.aclose()
        await again.aclose()


async def test_a_first_attempt_that_comes_to_nothing_is_an_error_and_so_is_an_end_without_resume(
    place: Place, tmp_path: Path
) -> None:
    async with caller(tmp_path / "none.sock") as asks, aclosing(follow_events(asks)) as feed:
        with pytest.raises(NodeNotReached, match="no such socket"):
            await upcoming(feed)
    async with caller(place.socket) as asks, aclosing(follow_events(asks, resume=False)) as feed:
        place.node.bus.publish(event(1))
        assert numbers(await upcoming(feed)) == 1
        waiting = asyncio.ensure_future(upcoming(feed))
        await place.admin.aclose()
        with pytest.raises(NodeNotReached):
            await waiting


async def played(path: Path, head: bytes, sent: bytes) -> asyncio.Server:
    """Somebody who answers /v1/node as that node does, and /v1/events with these bytes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        writer.write(head if b"/v1/node" in request else sent)
        await writer.drain()
        writer.close()

    return await asyncio.start_unix_server(serve, str(path))


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (b'HTTP/1.1 200 OK\r\n\r\nevent: missed\ndata: {"missed":7}\n\n', EventsMissed(7)),
        (b"HTTP/1.1 200 OK\r\n\r\nevent: PeerUp\ndata: {\n\n", AnswerMalformed),
        (b"HTTP/1.1 401 No\r\ncontent-length: 26\r\n\r\n" + b'{"error":"no","text":"no"}', RequestRefused),
    ],
)
async def test_what_was_missed_is_told_and_what_cannot_be_read_is_an_error(
    sent: bytes, found: EventsMissed | type[Exception], place: Place, tmp_path: Path
) -> None:
    async with caller(place.socket) as asks:
        node = (await asks.exchange("GET", "/v1/node")).body
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(node), node)
    path = tmp_path / "other.sock"
    async with await played(path, head, sent), caller(path) as asks, aclosing(follow_events(asks)) as feed:
        if isinstance(found, EventsMissed):
            assert await upcoming(feed) == found
        else:
            with pytest.raises(found):
                await upcoming(feed)
