"""The node as a whole, its channels and its connections are read back as the types that they were written of."""

from __future__ import annotations

import msgspec
from admin_client import call
from administered import Place

from peerbus.operate.api import ChannelView, ConnectionPage, NodeOverview


async def test_what_is_told_is_read_back(place: Place) -> None:
    node = msgspec.json.decode((await call(place.admin, "GET", "/v1/node")).body, type=NodeOverview)
    assert (node.name, node.node_id, node.offers) == ("alice", place.node.node_id, ("archive",))
    told = (await call(place.admin, "GET", "/v1/channels")).body
    assert "blocks" in {each.name for each in msgspec.json.decode(told, type=tuple[ChannelView, ...])}
    told = (await call(place.admin, "GET", "/v1/connections")).body
    assert msgspec.json.decode(told, type=ConnectionPage) == ConnectionPage({}, None)
