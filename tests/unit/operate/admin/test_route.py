"""A target is read once, and finds the one route that is its."""

from __future__ import annotations

import pytest

from peerbus.operate.admin import ROUTES
from peerbus.operate.admin.route import RouteTable, split_target
from peerbus.operate.api.exchange import ApiError


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/v1/peers", "/v1/peers", {}),
        ("/v1/peers?after=a%2Fb&limit=3", "/v1/peers", {"after": "a/b", "limit": "3"}),
        ("/v1/peers?after=a+b&", "/v1/peers", {"after": "a b"}),
        ("/v1/peers?x", "/v1/peers", {"x": ""}),
    ],
)
def test_a_target_is_a_path_and_a_query(target: str, path: str, query: dict[str, str]) -> None:
    assert split_target(target) == (path, query)


def test_a_field_that_stands_twice_is_refused() -> None:
    with pytest.raises(ApiError, match="twice"):
        split_target("/v1/peers?limit=1&limit=2")


def test_a_route_is_found_by_verb_and_path_and_its_parts_are_decoded() -> None:
    table = RouteTable(ROUTES)
    route, parts = table.find("PUT", "/v1/bans/10.0.0.0%2F8")
    assert (route.path, parts) == ("/v1/bans/{target}", {"target": "10.0.0.0/8"})
    for verb, path, status in (("GET", "/v1/bans/x/y", 404), ("PATCH", "/v1/bans/x", 405), ("GET", "/v1", 404)):
        with pytest.raises(ApiError) as refused:
            table.find(verb, path)
        assert refused.value.status == status


def test_no_two_routes_have_one_verb_and_path() -> None:
    assert len({(route.verb, route.path) for route in ROUTES}) == len(ROUTES)
