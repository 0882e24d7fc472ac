"""What a peer may send to an ask for items, and what ends its connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from clusters import Cluster
from virtual_time import in_virtual_time

from peerbus.actors import (
    Address,
    Channel,
    Message,
    MessageTypeError,
    Peer,
    ProtocolError,
    Reactor,
    Request,
    Stream,
    handles,
)
from peerbus.transports.sending.link import PeerLink
from peerbus.transports.wire.frames import EndFrame, GrantFrame, ItemsFrame


class Count(Message, Request[Stream[int]]):
    to: int


class Numbers(Reactor):
    channel = Channel("numbers", messages=(Count,))

    @handles(Count)
    async def count(self, count: Count) -> AsyncIterator[int]:
        await asyncio.sleep(100)
        yield count.to


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (lambda lane: ItemsFrame(lane, 1, 0, [b"\x01"] * 1_025), "window_overrun"),
        (lambda lane: ItemsFrame(lane, 1, 9, [b"\x01"]), "MessageTypeError"),
        (lambda lane: ItemsFrame(lane, 1, 0, [b"\xa1x"]), "MessageTypeError"),
        (lambda lane: ItemsFrame(lane, 1, 0, [b"\x01", b"\xa1x"]), "MessageTypeError"),
        (lambda lane: EndFrame(lane, 1, 5), "stream_gap"),
        (lambda lane: ItemsFrame(201, 1, 0, [b"\x01"]), "unknown_channel"),
        (lambda lane: ItemsFrame(lane, 99, 0, [b"\x01"]), None),
        (lambda lane: EndFrame(lane, 99, 0), None),
        (lambda lane: GrantFrame(lane - 1, 99, 1, 1), None),
    ],
)
@in_virtual_time
async def test_what_does_not_fit_is_a_fault_and_what_comes_late_is_none(frame: Any, reason: str | None) -> None:
    cluster = Cluster()
    here = cluster.node("here", channels=[Numbers.channel])
    there = cluster.node("there", peers=("here",), reactors=[Numbers])
    async with cluster.running(here, there):
        stream = here.stream(Address[object](Peer(there.node_id), "numbers"), Count(1), idle=1.0)
        reading = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.1)
        link = here.bus.routes.peers[there.node_id]
        assert isinstance(link, PeerLink)
        made = frame(2 * link.lanes.by_name["numbers"].index + 1)
        if isinstance(made, ItemsFrame):
            take: Any = link.streams.items
        else:
            take = link.streams.ended if isinstance(made, EndFrame) else link.streams.granted
        if reason == "MessageTypeError":
            take(made)
            with pytest.raises(MessageTypeError):
                await reading
            return
        if reason is None:
            take(made)
        else:
            with pytest.raises(ProtocolError, match=reason):
                take(made)
        reading.cancel()
