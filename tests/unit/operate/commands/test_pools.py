"""`peerbus pools` and `peerbus resize`: pools as one sees and steers them from the command line and over the API."""

from __future__ import annotations

import json

import pytest
from admin_client import call
from administered import Place
from command_line import asked

from peerbus.actors import LOCAL, Channel, Message, Pool, PoolResized, Reactor, Request, Resizer, handles
from peerbus.operate.client import AdminClient, RequestRefused, find_node


class Work(Message, Request[str]):
    """Answered with who did it."""


class Worker(Reactor):
    channel = Channel("work", messages=(Work,))

    @handles(Work)
    def work(self, _: Work) -> str:
        return str(self)


async def with_pool(place: Place) -> None:
    await place.node.bus.started(place.node.spawn(Pool(Worker, members=2, resizer=Resizer(upper=4))))


async def test_each_pool_is_a_line_and_one_of_them_a_line_for_each_member(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await asked(place.socket, "pools", capsys) == (0, "no pools\n", "")
    await with_pool(place)
    for _ in range(5):
        await place.node.ask(LOCAL / Worker, Work())
    status, out, err = await asked(place.socket, "pools", capsys)
    assert (status, err) == (0, "")
    assert [line.split() for line in out.splitlines()] == [
        ["POOL", "MEMBERS", "BOUNDS", "PICK", "AT", "WORK", "QUEUED", "STREAMS", "RESTARTS", "LOST", "STATE"],
        ["work", "2", "1-4", "auto", "least", "0", "0", "0", "0", "0", "running"],
    ]
    status, out, err = await asked(place.socket, "pools work", capsys)
    lines = out.splitlines()
    assert lines[0] == "pool work: 2 members, 0 at work, 0 queued"
    assert [line.split()[:3] for line in lines[2:]] == [["work.1", "running", "loop"], ["work.2", "running", "loop"]]
    assert json.loads((await asked(place.socket, "pools --json", capsys))[1])[0]["size"] == 2
    assert json.loads((await asked(place.socket, "pools work --json", capsys))[1])["automatic"] is True
    status, out, err = await asked(place.socket, "pools nobody", capsys)
    assert (status, err) == (1, "peerbus pools: no pool is called 'nobody' here\n")
    assert "\n  pools      work 2 members, 0 at work, 0 queued\n" in (await asked(place.socket, "status", capsys))[1]


async def test_a_pool_is_resized_and_what_cannot_be_is_refused(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    await with_pool(place)
    with place.node.subscribe(PoolResized) as heard:
        status, out, err = await asked(place.socket, "resize work 3", capsys)
        assert (status, out, err) == (0, "work has 3 members from now on\n", "")
        assert (await heard.get()).members == 3
    status, out, err = await asked(place.socket, "resize work 5", capsys)
    assert (status, out) == (1, "")
    assert "work has 1 to 4 members, not 5" in err
    assert "no pool is called 'nope' here; there are: work" in (await asked(place.socket, "resize nope 1", capsys))[2]
    assert (await asked(place.socket, "resize work many", capsys))[0] == 2
    assert place.node.snapshot().pools[0].size == 3
    assert "PoolResized" in (await asked(place.socket, "events", capsys))[1]


async def test_the_api_has_them_with_the_words_of_its_errors(place: Place) -> None:
    await with_pool(place)
    admin = place.admin
    assert (await call(admin, "GET", "/v1/pools")).json[0]["members"][0]["name"] == "work.1"
    assert (await call(admin, "GET", "/v1/pools/work")).json["upper"] == 4
    assert (await call(admin, "GET", "/v1/pools/nope")).status == 404
    assert (await call(admin, "PUT", "/v1/pools/work", {"members": 4})).json["done"] is True
    for path, body, error in (
        ("/v1/pools/work", {"members": 9}, "bounds"),
        ("/v1/pools/nope", {"members": 1}, "unknown_pool"),
    ):
        refused = await call(admin, "PUT", path, body)
        assert (refused.status, refused.json["error"]) == (409, error)
    assert (await call(admin, "PUT", "/v1/pools/work", {"members": "x"})).status == 400
    picture = (await call(admin, "GET", "/v1/live?follow=false")).json
    assert picture["pools"][0]["size"] == 4
    text = (await call(admin, "GET", "/metrics")).body.decode()
    assert 'peerbus_pool_members{channel="work",state="running"} 4' in text
    assert 'peerbus_pool_lost_members_total{channel="work"} 0' in text


async def test_the_client_and_the_node_have_the_same_lever(place: Place) -> None:
    await with_pool(place)
    assert await place.node.resize("work", 1)
    refused = await place.node.resize("work", 0)
    assert (refused.done, refused.reason) == (False, "bounds")
    async with AdminClient(await find_node(str(place.socket))) as client:
        assert (await client.pools())[0].size == 1
        assert await client.resize("work", 2)
        with pytest.raises(RequestRefused):
            await client.resize("work", 77)
