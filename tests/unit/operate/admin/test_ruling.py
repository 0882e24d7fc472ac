"""The rules for peers are told as they are, and changed as a whole or not at all."""

from __future__ import annotations

import pytest
from admin_client import call
from administered import Place

from peerbus.node import Allow, PeerRates, Permissions

ID = "ab" * 32


async def test_permissions_are_what_was_said_last(place: Place) -> None:
    open_to_all = {"tell": ["*"], "ask": ["*"], "offer": ["*"], "channels": {}, "roles": {}}
    assert (await call(place.admin, "GET", "/v1/permissions")).json == open_to_all
    rules = {
        "tell": [ID],
        "ask": ["*"],
        "offer": [],
        "channels": {"blocks": {"tell": ["role:writer", "zone=eu"]}, "safe": {"ask": []}},
        "roles": {"archive": ["role:archive"]},
    }
    said = await call(place.admin, "PUT", "/v1/permissions", rules)
    assert (said.status, said.json["done"]) == (200, True)
    assert (await call(place.admin, "GET", "/v1/permissions")).json == rules
    assert place.node.permissions == Permissions(
        tell=[ID],
        offer=[],
        channels={"blocks": Allow(tell=["role:writer", "zone=eu"]), "safe": Allow(ask=[])},
        roles={"archive": ["role:archive"]},
    )
    await call(place.admin, "PUT", "/v1/permissions", {})
    assert place.node.permissions == Permissions()


async def test_rates_are_what_was_said_last(place: Place) -> None:
    assert (await call(place.admin, "GET", "/v1/rates")).json == {"each": None, "channels": {}}
    rates = {"each": {"messages": 100.0, "messages_burst": 500, "asks": 4}, "channels": {"blocks": {"bytes": 1e6}}}
    assert (await call(place.admin, "PUT", "/v1/rates", rates)).status == 200
    assert (await call(place.admin, "GET", "/v1/rates")).json == rates
    each = place.node.rates.on("desk", None)
    assert each is not None
    assert (each.messages, each.messages_burst, each.asks) == (100.0, 500, 4)
    await call(place.admin, "PUT", "/v1/rates", {})
    assert place.node.rates == PeerRates()


@pytest.mark.parametrize(
    ("path", "body", "about"),
    [
        ("permissions", {"tell": ["somebody"]}, "'somebody' stands for nobody"),
        ("permissions", {"tell": "everybody"}, "array"),
        ("permissions", {"channels": {"No Name": {}}}, "no name of a channel"),
        ("permissions", {"roles": {"no role!": []}}, "no role!"),
        ("permissions", {"more": []}, "more"),
        ("rates", {"each": {"messages": -1}}, "messages is -1"),
        ("rates", {"each": {"messages_burst": 5}}, "needs a rate"),
        ("rates", {"channels": {"blocks": {"more": 1}}}, "more"),
    ],
)
async def test_what_cannot_be_changes_nothing(place: Place, path: str, body: object, about: str) -> None:
    refused = await call(place.admin, "PUT", f"/v1/{path}", body)
    assert (refused.status, refused.json["error"]) == (400, "malformed")
    assert about in refused.json["text"]
    assert (place.node.permissions, place.node.rates) == (Permissions(), PeerRates())
