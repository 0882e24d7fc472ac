"""An event as the API tells it is read back as it was, by its number and its kind."""

from __future__ import annotations

import time
from datetime import datetime

import msgspec
import pytest
from admin_client import call
from administered import Place

from peerbus.operate import EventView


async def test_what_is_told_is_read_back(place: Place) -> None:
    await place.node.ban("10.0.0.0/8", seconds=None)
    answered = await call(place.admin, "GET", "/v1/events?follow=false&kinds=PeerBanned")
    (seen,) = msgspec.json.decode(answered.body, type=tuple[EventView, ...])
    assert (seen.kind, seen.number > 0) == ("PeerBanned", True)
    assert isinstance(seen.event, dict)
    ban = seen.event["ban"]
    assert (ban["target"], ban["until"]) == ("10.0.0.0/8", None)


async def test_its_times_mean_the_same_elsewhere(place: Place) -> None:
    before = time.time()
    await place.node.ban("10.0.0.0/8", seconds=60.0)
    (seen,) = (await call(place.admin, "GET", "/v1/events?follow=false&kinds=PeerBanned")).json
    assert datetime.fromisoformat(seen["time"]).timestamp() == pytest.approx(seen["at"], abs=0.001)
    assert seen["time"].endswith("Z")
    (ban,) = (await call(place.admin, "GET", "/v1/bans")).json
    assert before + 60.0 <= ban["until"] <= time.time() + 60.0
    assert seen["event"]["ban"]["until"] == pytest.approx(ban["until"], abs=1.0)
