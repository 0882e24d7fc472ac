"""The dashboard lets in who has its link, once, and passes on what that browser asks, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from admin_client import PATIENCE
from administered import Place
from page_client import Browser

from peerbus.actors import ConfigError
from peerbus.node import Node
from peerbus.operate import Admin
from peerbus.operate.client import AdminTarget
from peerbus.operate.dashboard import Dashboard
from peerbus.operate.serving.places import SocketPlace, place_of


def target(place: Place) -> AdminTarget:
    return AdminTarget(SocketPlace(place.socket))


@pytest_asyncio.fixture
async def dashboard(place: Place) -> AsyncIterator[Dashboard]:
    async with Dashboard([("alice", target(place))], port=0) as made:
        yield made


async def test_a_link_lets_one_browser_in_once(dashboard: Dashboard, place: Place) -> None:
    link = dashboard.link()
    browser, late = Browser(dashboard.address), Browser(dashboard.address)
    assert (await browser.call("GET", "/")).status == 200
    assert (await browser.call("GET", "/nodes/0/v1/node")).status == 401
    begun = await browser.come_in(link)
    assert begun.json["nodes"] == [{"key": "0", "name": "alice", "base": "/nodes/0", "node_id": place.node.node_id}]
    assert (await browser.call("GET", "/nodes/0/v1/node")).json["name"] == "alice"
    refused = await late.come_in(link)
    assert refused.status == 401
    assert "Enter" in refused.json["text"]
    assert (await late.come_in(dashboard.link())).status == 200


async def test_what_a_page_asks_is_answered_as_the_node_answers(dashboard: Dashboard, place: Place) -> None:
    browser = Browser(dashboard.address)
    await browser.come_in(dashboard.link())
    banned = await browser.call("PUT", "/nodes/0/v1/bans/10.1.0.0%2F16", {"seconds": 60, "reason": "loud"})
    assert (banned.status, banned.json["done"]) == (200, True)
    assert [ban.target for ban in place.node.overview().bans] == ["10.1.0.0/16"]
    assert (await browser.call("GET", "/nodes/0/v1/actors?limit=1")).json["next"] is not None
    assert (await browser.call("GET", "/nodes/0/v1/actors?limit=0")).json["error"] == "malformed"
    assert (await browser.call("DELETE", "/nodes/0/v1/bans/10.9.0.0%2F16")).status == 409
    assert len((await browser.call("GET", "/nodes/0/v1/live?follow=false")).json["actors"]) > 0
    assert (await browser.call("GET", "/nodes/0/v1/events?follow=false")).status == 200


@pytest.mark.parametrize("path", ["/nodes/1/v1/node", "/nodes/0/livez", "/nodes//v1/node", "/v1/node", "/x", "//"])
async def test_there_is_nothing_else(dashboard: Dashboard, path: str) -> None:
    browser = Browser(dashboard.address)
    await browser.come_in(dashboard.link())
    assert (await browser.call("GET", path)).status == 404


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"X_Peerbus_Key": ""}, 401),
        ({"Cookie": ""}, 401),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Host": "evil.example"}, 421),
    ],
)
async def test_nothing_is_passed_on_for_a_page_from_elsewhere(
    dashboard: Dashboard, place: Place, more: dict[str, str], status: int
) -> None:
    browser = Browser(dashboard.address)
    await browser.come_in(dashboard.link())
    assert (await browser.call("PUT", "/nodes/0/v1/drain", **more)).status == status
    assert not place.node.overview().draining


async def test_one_that_is_for_looking_passes_on_nothing_else(place: Place) -> None:
    async with Dashboard([("alice", target(place))], port=0, write=False) as dashboard:
        browser = Browser(dashboard.address)
        assert (await browser.come_in(dashboard.link())).json["write"] is False
        assert (await browser.call("PUT", "/nodes/0/v1/drain")).status == 403
        assert (await browser.call("GET", "/nodes/0/v1/node")).status == 200


async def test_events_are_passed_on_as_they_happen(dashboard: Dashboard, place: Place) -> None:
    browser = Browser(dashboard.address)
    await browser.come_in(dashboard.link())
    async with browser.stream("/nodes/0/v1/events") as events:
        await place.node.ban("10.1.0.0/16")
        kind, event = await anext(events)
        assert (kind, event["event"]["ban"]["reason"]) == ("PeerBanned", "operator")


async def test_pictures_of_all_nodes_come_on_one_stream_and_one_that_ends_is_said_to_be_lost(
    place: Place, tmp_path: Path
) -> None:
    bob = Admin(str(tmp_path / "bob.sock"))
    async with Node("bob", extensions=[bob]) as node:
        nodes = [("alice", target(place)), ("bob", AdminTarget(SocketPlace(tmp_path / "bob.sock")))]
        async with Dashboard(nodes, port=0) as dashboard:
            browser = Browser(dashboard.address)
            await browser.come_in(dashboard.link())
            async with browser.stream("/live") as events:
                kind, shown = await anext(events)
                assert (kind, [each["name"] for each in shown]) == ("nodes", ["alice", "bob"])
                names: dict[str, str] = {}
                while len(names) < 2:
                    kind, picture = await anext(events)
                    names[kind] = picture["node"]["name"]
                assert names == {"picture@0": "alice", "picture@1": "bob"}
                await node.aclose()
                while (kind := (await anext(events))[0]) != "lost@1":
                    assert kind in ("picture@0", "picture@1")
                refused = await browser.call("GET", "/nodes/1/v1/node")
                assert (refused.status, refused.json["error"]) == (502, "node_lost")
                assert (await anext(events))[0] in ("picture@0", "lost@1")


async def test_a_node_behind_a_port_is_shown_by_its_token(tmp_path: Path) -> None:
    token = tmp_path / "token"
    admin = Admin("http://127.0.0.1:0", token=token)
    async with Node("alice", extensions=[admin]):
        assert admin.address is not None
        there = AdminTarget(place_of(admin.address), token.read_text().strip())
        async with Dashboard([("alice", there)], port=0) as dashboard:
            browser = Browser(dashboard.address)
            await browser.come_in(dashboard.link())
            assert (await browser.call("GET", "/nodes/0/v1/node")).json["name"] == "alice"
            assert (await browser.call("PUT", "/nodes/0/v1/drain")).json["error"] == "read_only"


async def test_open_streams_hold_up_no_end(place: Place) -> None:
    async with Dashboard([("alice", target(place))], port=0) as dashboard:
        browser = Browser(dashboard.address)
        await browser.come_in(dashboard.link())
        async with browser.stream("/live") as events:
            await anext(events)
            async with asyncio.timeout(PATIENCE):
                await dashboard.aclose()


async def test_a_port_that_is_taken_is_said_and_another_is_found_where_none_was_named(place: Place) -> None:
    async with Dashboard([("alice", target(place))], port=0) as first:
        port = int(first.address.rpartition(":")[2])
        with pytest.raises(ConfigError, match="cannot be at"):
            async with Dashboard([("alice", target(place))], port=port):
                pytest.fail("it started")
    with pytest.raises(ConfigError, match="1 to 32"):
        Dashboard([])
