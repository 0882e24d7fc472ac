"""A browser is let in by the token, has a cookie that no script reads, and steers by its key only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from admin_client import Answered, call
from administered import Blocks, Place

from peerbus.node import Node
from peerbus.operate import Admin


@pytest_asyncio.fixture
async def web(tmp_path: Path) -> AsyncIterator[Place]:
    """A node whose admin is at a port, for looking and steering."""
    token = tmp_path / "token"
    admin = Admin("http://127.0.0.1:0", token=token, write=True)
    async with Node("alice", reactors=[Blocks], extensions=[admin]) as node:
        yield Place(node, admin, token)


def host(web: Place) -> str:
    assert web.admin.address is not None
    return web.admin.address.removeprefix("http://")


async def come_in(web: Place) -> tuple[Answered, dict[str, str]]:
    """The answer, and the headers that the page sends from then on."""
    bearer = f"Bearer {web.socket.read_text().strip()}"
    answered = await call(web.admin, "POST", "/session", {}, Host=host(web), Authorization=bearer)
    cookie = answered.headers["set-cookie"].partition(";")[0]
    return answered, {"Host": host(web), "Cookie": cookie, "X_Peerbus_Key": answered.json["key"]}


async def test_the_page_is_there_for_everybody_by_the_nodes_own_name_and_tells_nothing_of_it(web: Place) -> None:
    page = await call(web.admin, "GET", "/", Host=host(web))
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "connection" not in page.headers
    assert page.headers["x-frame-options"] == "DENY"
    for secret in ("alice", web.node.node_id, web.socket.read_text().strip()):
        assert secret.encode() not in page.body
    assert (await call(web.admin, "GET", "/", Host="evil.example")).status == 421
    assert (await call(web.admin, "POST", "/", Host=host(web))).status == 405


async def test_the_token_is_exchanged_for_a_cookie_that_no_script_reads_and_no_other_page_sends(web: Place) -> None:
    answered, headers = await come_in(web)
    attributes = answered.headers["set-cookie"].split("; ")[1:]
    assert attributes == ["HttpOnly", "SameSite=Strict", "Path=/"]
    assert answered.json["nodes"] == [{"key": "0", "name": "alice", "base": "", "node_id": web.node.node_id}]
    assert (answered.json["write"], answered.json["live"]) == (True, "/v1/live")
    again = await call(web.admin, "GET", "/session", **headers)
    assert (again.status, again.json["key"]) == (200, None)
    assert (await call(web.admin, "GET", "/v1/node", **headers)).json["name"] == "alice"


@pytest.mark.parametrize(
    "more",
    [
        {"X_Peerbus_Key": ""},
        {"X_Peerbus_Key": "another"},
        {"Cookie": ""},
        {"Cookie": "peerbus=1"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Host": "evil.example"},
    ],
)
@pytest.mark.parametrize(("verb", "path"), [("PUT", "/v1/drain"), ("GET", "/v1/node"), ("GET", "/session")])
async def test_a_cookie_without_the_key_or_from_elsewhere_opens_nothing(
    web: Place, verb: str, path: str, more: dict[str, str]
) -> None:
    _, headers = await come_in(web)
    refused = await call(web.admin, verb, path, **{**headers, **more})
    assert refused.status in (401, 403, 421)
    assert not web.node.overview().draining


async def test_with_its_key_a_page_steers_until_it_leaves(web: Place) -> None:
    _, headers = await come_in(web)
    steered = await call(web.admin, "PUT", "/v1/drain", {"within": 0}, Origin=f"http://{host(web)}", **headers)
    assert steered.status == 200
    assert web.node.overview().draining
    left = await call(web.admin, "DELETE", "/session", **headers)
    assert "Max-Age=0" in left.headers["set-cookie"]
    assert (await call(web.admin, "GET", "/v1/node", **headers)).status == 401


@pytest.mark.parametrize("body", [{}, {"ticket": "none"}, {"ticket": 1}, b"nonsense", b"\xff" * 9, b"[" * 5000])
async def test_who_comes_without_the_token_stays_out(web: Place, body: object) -> None:
    refused = await call(web.admin, "POST", "/session", body, Host=host(web))
    assert refused.status in (400, 401)
    assert "set-cookie" not in refused.headers
    assert web.socket.read_text().strip() not in refused.body.decode()


async def test_a_unix_socket_has_no_door_for_browsers(place: Place) -> None:
    for verb, path in (("GET", "/"), ("POST", "/session")):
        assert (await call(place.admin, verb, path)).status == 404
