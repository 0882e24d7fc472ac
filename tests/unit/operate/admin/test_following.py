"""Events come as they happen, each with an id; whoever comes late gets what is kept, and whoever is slow is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from admin_client import PATIENCE, call, connected, request
from administered import Place

from peerbus.discovery import PeerDown
from peerbus.node import EventHistory
from peerbus.node.views.event_history import MOST
from peerbus.operate.admin.following import follow


async def next_event(reader: asyncio.StreamReader) -> tuple[dict[str, str], Any]:
    """The next event of a stream: its fields, and its data."""
    async with asyncio.timeout(PATIENCE):
        while True:
            text = (await reader.readuntil(b"\n\n")).decode()
            fields = dict(line.partition(": ")[::2] for line in text.splitlines() if ": " in line)
            if "data" in fields:
                return fields, json.loads(fields["data"])


async def test_a_stream_has_what_is_kept_and_then_what_happens(place: Place) -> None:
    place.node.bus.publish(PeerDown("a" * 64, "gone"))
    async with connected(place.admin) as (reader, writer):
        writer.write(request("GET", "/v1/events"))
        assert b"text/event-stream" in await reader.readuntil(b"\r\n\r\n")
        fields, data = await next_event(reader)
        assert (fields["id"], fields["event"]) == ("1", "PeerDown")
        assert data["event"] == {"node_id": "a" * 64, "reason": "gone"}
        place.node.bus.publish(PeerDown("b" * 64, "gone"))
        fields, _ = await next_event(reader)
        assert fields["id"] == "2"
    async with connected(place.admin) as (reader, writer):
        writer.write(request("GET", "/v1/events", Last_Event_ID="1"))
        await reader.readuntil(b"\r\n\r\n")
        fields, data = await next_event(reader)
        assert (fields["id"], data["event"]["node_id"]) == ("2", "b" * 64)


async def test_what_is_kept_is_a_list_too_and_kinds_are_chosen(place: Place) -> None:
    reader = place.node.events.follow()
    place.node.bus.publish(PeerDown("a" * 64, "gone"))
    await reader.read()
    found = (await call(place.admin, "GET", "/v1/events?follow=false")).json
    assert [each["kind"] for each in found] == ["PeerDown"]
    assert (await call(place.admin, "GET", "/v1/events?follow=false&kinds=PeerUp")).json == []
    assert (await call(place.admin, "GET", "/v1/events?follow=false&after=1")).json == []


async def test_one_that_was_too_slow_is_told_how_many_it_missed() -> None:
    history = EventHistory()
    stream = follow(history, 0, frozenset())
    assert await anext(stream) == b"retry: 1000\n\n"
    for number in range(MOST + 7):
        history.record(PeerDown(f"{number:064x}", "gone"))
    assert await anext(stream) == b'event: missed\ndata: {"missed":7}\n\n'
    assert (await anext(stream)).startswith(b"id: 8\n")
    await stream.aclose()
