"""Of more peers and actors than a picture lists the page finds each, and nodes that start later come to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from administered import Place
from page_driver import opened, show

from peerbus.actors import Actor
from peerbus.node import Node
from peerbus.operate import Admin
from peerbus.operate.admin import live
from peerbus.operate.client import AdminTarget
from peerbus.operate.dashboard import Dashboard, merging
from peerbus.operate.serving import SocketPlace

if TYPE_CHECKING:
    from playwright.async_api import Page

FOUND = "[data-filter]"


class Idle(Actor):
    """Does nothing."""


async def test_the_filters_look_through_what_a_picture_does_not_list(
    page: Page, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LISTED", 1)
    monkeypatch.setattr(live, "FULLEST", 1)
    monkeypatch.setattr(live, "BUSIEST", 1)
    for port in range(1, 5):
        await place.node.dial(f"tcp://127.0.0.1:{port}")
    for number in range(3):
        place.node.spawn(Idle, name=f"idle-{number}")
    async with opened(page, place.socket):
        await show(page, "peers")
        await page.wait_for_selector("p:has-text('4 peers known'):has-text('1 are shown')")
        for port in range(1, 5):
            await page.fill(FOUND, f":{port}")
            await page.wait_for_selector(f"tbody button:has-text('127.0.0.1:{port}')")
            await page.wait_for_selector("p:has-text('1 found')")
        await page.fill(FOUND, "")
        await page.select_option("select[aria-label='Only peers that are']", "ready")
        await page.wait_for_selector("p:has-text('0 found')")
        await show(page, "actors")
        await page.fill(FOUND, "idle-2")
        await page.wait_for_selector("tbody button:has-text('idle-2')")
        await page.wait_for_selector("p:has-text('1 of ')")


async def test_a_node_that_starts_later_comes_to_the_page(
    page: Page, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "LOOK", 0.05)
    here = [("alice", AdminTarget(SocketPlace(place.socket)))]

    async def look() -> list[tuple[str, AdminTarget]]:
        return here

    async with Dashboard(here, look=look, port=0) as dashboard:
        await page.goto(dashboard.link())
        await page.wait_for_selector(".head .pill:has-text('ready')")
        socket = tmp_path / "bob.sock"
        async with Node("bob", extensions=[Admin(str(socket))]):
            here.append(("bob", AdminTarget(SocketPlace(socket))))
            await page.click(".nodes button:has-text('bob')")
            await page.wait_for_selector(".head .name:has-text('bob')")
            await show(page, "map")
            await page.wait_for_selector("g.node.up:has-text('bob')")
            await page.wait_for_selector("g.node.up:has-text('alice')")
            await page.goto("about:blank")
