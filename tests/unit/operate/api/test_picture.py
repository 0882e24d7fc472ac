"""A picture of a node is read back as the type that it was written of."""

from __future__ import annotations

import msgspec
from admin_client import call
from administered import Place

from peerbus.operate.api import NodePicture


async def test_what_is_told_is_read_back(place: Place) -> None:
    told = (await call(place.admin, "GET", "/v1/live?follow=false")).body
    picture = msgspec.json.decode(told, type=NodePicture)
    assert picture.node.name == "alice"
    assert "blocks" in {each.name for each in picture.channels}
