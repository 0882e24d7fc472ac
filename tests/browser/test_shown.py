"""What is shown is what the API says, as text, whatever it is; and nothing of it comes from anywhere else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from admin_client import call
from administered import Block, Get, Place
from page_driver import SCREENS, eventually, opened, show

from peerbus.actors import LOCAL, Actor, Channel, Reactor, handles
from peerbus.node import Node
from peerbus.operate import Admin

if TYPE_CHECKING:
    from playwright.async_api import Page

MARKUP = "<img src=x onerror=\"window.harmed='yes'\">"


async def test_what_is_shown_equals_the_api(page: Page, place: Place) -> None:
    async with Node("bob", peers=list(place.node.endpoints), offers={"index"}) as bob, opened(page, place.socket):
        for height in range(7):
            await place.node.ask(LOCAL / "blocks", Get(height))
        node = (await call(place.admin, "GET", "/v1/node")).json
        assert await page.inner_text(".head .name") == node["name"] == "alice"
        assert await page.inner_text(".head .id") == node["node_id"][:8]
        assert await page.inner_text(".head .pill") == "ready"
        await show(page, "peers")
        await page.wait_for_selector("tbody tr")
        (peer,) = (await call(place.admin, "GET", "/v1/peers")).json["peers"]
        row = await page.inner_text("tbody tr")
        assert peer["node_id"] == bob.node_id
        for text in ("bob", bob.node_id[:8], peer["state"], *peer["offers"]):
            assert text in row
        await show(page, "channels")
        (channel,) = [
            each for each in (await call(place.admin, "GET", "/v1/channels")).json if each["name"] == "blocks"
        ]
        await page.click("button.opens:has-text('blocks')")
        await page.wait_for_selector("tr.more td:has-text('to actors here')")
        sides = page.locator("tr.more tbody tr", has_text="to actors here")
        assert (
            [text.strip() for text in await sides.locator("td").all_inner_texts()][1:4]
            == [str(channel["local"][what]) for what in ("sent", "delivered", "pending")]
            == ["7", "7", "0"]
        )
        await show(page, "actors")
        names = {actor["name"] for actor in (await call(place.admin, "GET", "/v1/actors")).json["actors"]}
        assert set(await page.locator("tbody .opens").all_inner_texts()) == names
        await show(page, "events")
        events = (await call(place.admin, "GET", "/v1/events?follow=false")).json
        await eventually(lambda: _equal(page, ".event .kind", [event["kind"] for event in reversed(events)]))


async def _equal(page: Page, selector: str, wanted: list[str]) -> bool:
    found: list[str] = await page.locator(selector).all_inner_texts()
    return found == wanted


async def test_markup_from_anywhere_is_text_and_does_nothing(
    page: Page, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = type(MARKUP, (Actor,), {})
    place.node.spawn(kind, name="victim")
    async with Node(MARKUP[:60], peers=list(place.node.endpoints)), opened(page, place.socket):
        await place.node.ban("10.1.0.0/16", reason=MARKUP)
        for screen in SCREENS:
            await show(page, screen)
        await show(page, "peers")
        await page.wait_for_selector(f"text={MARKUP}")
        await page.wait_for_selector("tr:has-text('ready')")
        assert MARKUP[:60] in await page.inner_text("tr:has-text('ready') .opens")
        await show(page, "actors")
        assert MARKUP in await page.inner_text("main")
        await show(page, "events")
        await eventually(lambda: _has(page, MARKUP))
        assert await page.evaluate("window.harmed") is None
        assert await page.locator("img").count() == 0
        with pytest.raises(Exception, match="TrustedHTML"):
            await page.evaluate("document.body.innerHTML = '<p>'")


async def _has(page: Page, text: str) -> bool:
    return text in await page.inner_text("main")


async def test_no_request_leaves_this_machine(page: Page, place: Place) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    async with opened(page, place.socket) as dashboard:
        for screen in SCREENS:
            await show(page, screen)
        assert {urlsplit(url).netloc for url in asked} == {urlsplit(dashboard.address).netloc}
        assert all("ticket" not in urlsplit(url).query for url in asked)
    assert refused == []


async def test_a_circle_of_waits_is_red(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The bus ends a circle within moments, which is long enough for a person to miss it: here it is let be.
    monkeypatch.setattr("peerbus.actors.sends.deadlock.DeadlockWatch.resolve", lambda *_: None)

    class Ping(Reactor):
        channel = Channel("ping", messages=(Get,))

        @handles(Get)
        async def get(self, wanted: Get) -> Block:
            return await self.ask(LOCAL / "pong", wanted, timeout=60)

    class Pong(Reactor):
        channel = Channel("pong", messages=(Get,))

        @handles(Get)
        async def get(self, wanted: Get) -> Block:
            return await self.ask(LOCAL / "ping", wanted, timeout=60)

    admin = Admin(str(tmp_path / "alice.sock"))
    made = Node("alice", reactors=[Ping, Pong], extensions=[admin], shutdown_timeout=0.1)
    async with made as node, opened(page, tmp_path / "alice.sock"):
        await show(page, "waits")
        assert await page.is_visible("text=Nobody waits")
        asked = asyncio.ensure_future(node.ask(LOCAL / "ping", Get(1), timeout=60))
        await page.wait_for_selector("text=A circle: ping at alice → pong at alice → ping at alice")
        assert await page.locator("path.edge.ring").count() == 2
        assert await page.locator("rect.box.ring").count() == 2
        assert sorted(await page.locator("tr.lost td.lead bdi >> nth=0").all_inner_texts())
        waits = (await call(admin, "GET", "/v1/waits")).json
        assert len(waits) == await page.locator("tbody tr").count() == 2
        assert await page.inner_text("nav a[href='#/waits'] .count.bad") == "2"
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
