"""An event as the API tells it is read back as it was, by its number and its kind."""

from __future__ import annotations

import msgspec
from admin_client import call
from administered import Place

from peerbus.operate import EventView


async def test_what_is_told_is_read_back(place: Place) -> None:
    await place.node.ban("10.0.0.0/8", seconds=None)
    answered = await call(place.admin, "GET", "/v1/events?follow=false&kinds=PeerBanned")
    (seen,) = msgspec.json.decode(answered.body, type=tuple[EventView, ...])
    assert (seen.kind, seen.number > 0) == ("PeerBanned", True)
    assert isinstance(seen.event, dict)
    assert seen.event["ban"]["target"] == "10.0.0.0/8"
