"""Levers take effect as those of the node do, and one that is refused is 409 with its reason."""

from __future__ import annotations

import logging

import pytest
from admin_client import call
from administered import Place

from peerbus.operate.admin.steering import STEERING

ID = "ab" * 32


async def test_each_lever_moves_the_node_and_the_second_pull_is_refused(place: Place) -> None:
    node, admin = place.node, place.admin
    done = {"done": True, "reason": "", "text": ""}
    for verb, path, body, again in (
        ("PUT", f"/v1/bans/{ID}", {"seconds": 60.0, "reason": "loud"}, None),
        ("PUT", "/v1/bans/10.0.0.0%2F8", None, None),
        ("DELETE", "/v1/bans/10.0.0.0%2F8", None, "not_banned"),
        ("PUT", "/v1/persistent/tcp:%2F%2F127.0.0.1:9", None, "already"),
        ("DELETE", "/v1/persistent/tcp:%2F%2F127.0.0.1:9", None, "not_persistent"),
        ("PUT", "/v1/seeds/tcp:%2F%2F127.0.0.1:9", None, "already"),
        ("DELETE", "/v1/seeds/tcp:%2F%2F127.0.0.1:9", None, "not_seed"),
        ("PUT", "/v1/offers/index%7Bfrom=7%7D", None, None),
        ("DELETE", "/v1/offers/archive", None, "not_offered"),
        ("POST", "/v1/dials", {"to": "tcp://127.0.0.1:9"}, "already"),
        ("PUT", "/v1/drain", {"within": 1.0}, "already"),
        ("DELETE", "/v1/drain", None, "already"),
    ):
        answered = await call(admin, verb, path, body)
        assert (answered.status, answered.json) == (200, done), path
        if again is not None:
            refused = await call(admin, verb, path, body)
            assert (refused.status, refused.json["error"]) == (409, again), path
    (ban,) = node.overview().bans
    assert (ban.target, ban.reason) == (ID, "loud")
    assert node.offers == ("index{from=7}",)


@pytest.mark.parametrize(
    ("verb", "path", "body", "status", "error"),
    [
        ("PUT", "/v1/bans/nonsense", None, 400, "malformed"),
        ("POST", "/v1/dials", {"to": "nonsense://"}, 400, "malformed"),
        ("POST", "/v1/dials", {}, 400, "malformed"),
        ("POST", "/v1/dials", {"to": 7}, 400, "malformed"),
        ("POST", "/v1/dials", {"to": "x", "more": 1}, 400, "malformed"),
        ("POST", "/v1/dials", b"{", 400, "malformed"),
        ("POST", "/v1/dials", b"[" * 100_000, 400, "malformed"),
        ("PUT", "/v1/offers/%20", None, 400, "malformed"),
        ("PUT", "/v1/log/loud", None, 400, "malformed"),
        ("DELETE", f"/v1/peers/{ID}", None, 409, "unknown_peer"),
        ("PUT", f"/v1/peers/{ID}/score", {"score": 1.0}, 409, "unknown_peer"),
        ("DELETE", f"/v1/peers/{ID}/score", None, 409, "unknown_peer"),
        ("POST", "/v1/drain", None, 405, "method"),
    ],
)
async def test_what_is_malformed_changes_nothing(
    place: Place, verb: str, path: str, body: object, status: int, error: str
) -> None:
    before = place.node.overview()
    answered = await call(place.admin, verb, path, body)
    assert (answered.status, answered.json["error"]) == (status, error)
    assert place.node.overview() == before


async def test_the_log_says_more_when_it_is_told_to(place: Place) -> None:
    root = logging.getLogger()
    before = root.level
    try:
        assert (await call(place.admin, "PUT", "/v1/log/error")).status == 200
        assert root.level == logging.ERROR
    finally:
        await call(place.admin, "PUT", "/v1/log/debug")
        root.setLevel(before)


def test_every_lever_needs_the_scope_to_write() -> None:
    assert {route.needs.value for route in STEERING} == {"write"}
