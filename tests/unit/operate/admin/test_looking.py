"""What the API shows is what the node itself says, and asking changes nothing."""

from __future__ import annotations

import pytest
from admin_client import call
from administered import Place

from peerbus.operate.admin.looking import LOOKING


@pytest.mark.parametrize("path", [route.path for route in LOOKING if "{" not in route.path])
async def test_every_page_that_only_looks_is_there(place: Place, path: str) -> None:
    answered = await call(place.admin, "GET", path)
    assert answered.status == 200
    assert answered.headers["cache-control"] == "no-store"
    if path != "/livez":
        assert answered.headers["content-type"] == "application/json"
        assert answered.json is not None


async def test_the_node_and_its_actors_are_those_that_run(place: Place) -> None:
    node = place.node
    seen = (await call(place.admin, "GET", "/v1/node")).json
    assert (seen["name"], seen["node_id"], seen["offers"]) == ("alice", node.node_id, ["archive"])
    assert seen["ready"] == {"ready": True, "why_not": []}
    assert seen["actors"] == node.snapshot().actors.running
    names: list[str] = []
    after: str | None = ""
    while after is not None:
        page = (await call(place.admin, "GET", f"/v1/actors?limit=2&after={after}")).json
        names += [each["name"] for each in page["actors"]]
        after = page["next"]
    assert names == sorted(node.bus.actors.by_name)
    fullest = (await call(place.admin, "GET", "/v1/actors?order=fullest&match=block&limit=9")).json
    assert ([each["name"] for each in fullest["actors"]], fullest["next"]) == (["blocks"], None)
    blocks = (await call(place.admin, "GET", "/v1/actors/blocks")).json
    assert (blocks["channel"], blocks["actor_class"], blocks["state"]) == ("blocks", "Blocks", "running")
    channels = (await call(place.admin, "GET", "/v1/channels")).json
    (channel,) = [each for each in channels if each["name"] == "blocks"]
    assert channel["messages"] == ["Get", "Wait"]
    assert channel["load"]["actors"] == 1


async def test_peers_are_found_by_a_part_of_an_address_and_by_state(place: Place) -> None:
    await place.node.dial("tcp://127.0.0.1:9")
    for query, count in (("match=:9", 1), ("match=:8", 0), ("match=:9&state=ready", 0)):
        assert len((await call(place.admin, "GET", f"/v1/peers?{query}")).json["peers"]) == count


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/v1/actors/nobody", 404, "unknown_actor"),
        ("/v1/peers/0123", 404, "unknown_peer"),
        ("/v1/actors?limit=0", 400, "malformed"),
        ("/v1/actors?limit=1e3", 400, "malformed"),
        ("/v1/actors?limit=" + "9" * 5000, 400, "malformed"),
        ("/v1/actors?order=prettiest", 400, "malformed"),
        ("/v1/actors?limt=3", 400, "malformed"),
        ("/v1/peers?state=happy", 400, "malformed"),
        ("/v1/actors?limit=3&limit=4", 400, "malformed"),
        ("/v1/nothing", 404, "not_found"),
        ("/", 404, "not_found"),
    ],
)
async def test_what_is_wrong_is_said_with_a_word_and_a_text(place: Place, path: str, status: int, error: str) -> None:
    answered = await call(place.admin, "GET", path)
    assert (answered.status, answered.json["error"]) == (status, error)
    assert answered.json["text"]
