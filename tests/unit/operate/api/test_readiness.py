"""A node is ready, or says what stands against it."""

from __future__ import annotations

from admin_client import call
from administered import Place

from peerbus.discovery import Require
from peerbus.node import Node
from peerbus.operate.api.readiness import readiness_of


async def test_one_that_is_emptied_is_not_ready(place: Place) -> None:
    assert (await call(place.admin, "GET", "/readyz")).status == 200
    await place.node.drain()
    answered = await call(place.admin, "GET", "/readyz")
    assert answered.status == 503
    assert [each["reason"] for each in answered.json["why_not"]] == ["draining"]


async def test_one_that_lacks_peers_says_whom() -> None:
    async with Node("alice", requires=[Require(role="archive", at_least=2)]) as node:
        found = readiness_of(node)
        assert not found.ready
        (why,) = found.why_not
        assert why.reason == "requirement"
        assert "archive" in why.text
    assert [why.reason for why in readiness_of(node).why_not] == ["shutting_down"]
