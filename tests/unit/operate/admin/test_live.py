"""The pictures that the page is drawn of say what the other pages say, come no more often than may be, and end."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from admin_client import PATIENCE, call, connected, request
from administered import Place


async def next_picture(reader: asyncio.StreamReader) -> Any:
    async with asyncio.timeout(PATIENCE):
        while True:
            text = (await reader.readuntil(b"\n\n")).decode()
            if text.split("\r\n")[-1].startswith("event: picture\n") or "\nevent: picture\n" in text:
                return json.loads(text.partition("data: ")[2])


async def test_a_picture_says_what_the_other_pages_say(place: Place) -> None:
    picture = (await call(place.admin, "GET", "/v1/live?follow=false")).json
    node = (await call(place.admin, "GET", "/v1/node")).json
    assert picture["node"].keys() == node.keys()
    for name in ("name", "node_id", "ready", "offers", "endpoints", "actors"):
        assert picture["node"][name] == node[name]
    channels = (await call(place.admin, "GET", "/v1/channels")).json
    assert [channel["name"] for channel in picture["channels"]] == [channel["name"] for channel in channels]
    actors = (await call(place.admin, "GET", "/v1/actors")).json["actors"]
    assert {actor["name"] for actor in picture["actors"]} == {actor["name"] for actor in actors}
    assert picture["waits"] == []
    assert picture["peers"]["requirements"] == []


async def test_pictures_come_again_and_again_and_end_with_the_node(place: Place) -> None:
    async with connected(place.admin) as (reader, writer):
        writer.write(request("GET", "/v1/live?every=0.25"))
        assert b"text/event-stream" in await reader.readuntil(b"\r\n\r\n")
        first, second = await next_picture(reader), await next_picture(reader)
        assert second["now"] - first["now"] >= 0.25
        await place.node.aclose()
        async with asyncio.timeout(PATIENCE):
            while await reader.read(65536):
                pass


@pytest.mark.parametrize("every", ["0.2", "0", "-1", "61", "nan", "inf", "soon", "1" * 40])
async def test_an_interval_that_is_none_or_too_short_is_refused(place: Place, every: str) -> None:
    answered = await call(place.admin, "GET", f"/v1/live?every={every}")
    assert (answered.status, answered.json["error"]) == (400, "malformed")
