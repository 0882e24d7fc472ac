"""How a browser is let in: by a link that works once, or by the token of a node; and how it stays out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from administered import Place
from page_driver import opened

from peerbus.node import Node
from peerbus.operate import Admin
from peerbus.operate.client import AdminTarget
from peerbus.operate.dashboard import Dashboard
from peerbus.operate.serving.places import SocketPlace

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page


async def test_a_link_works_once_leaves_no_trace_in_the_address_and_a_second_tab_is_in(
    page: Page, chromium: Browser, place: Place
) -> None:
    async with Dashboard([("alice", AdminTarget(SocketPlace(place.socket)))], port=0) as dashboard:
        link = dashboard.link()
        await page.goto(link)
        await page.wait_for_selector(".tile")
        assert "ticket" not in page.url
        (cookie,) = await page.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        assert await page.evaluate("document.cookie") == ""
        tab = await page.context.new_page()
        await tab.goto(dashboard.address)
        await tab.wait_for_selector(".tile")
        other = await chromium.new_context()
        late = await other.new_page()
        await late.goto(link)
        await late.wait_for_selector("text=This link was used")
        assert await late.locator(".tile").count() == 0
        await late.goto(dashboard.address)
        await late.wait_for_selector(".signin")
        await other.close()
        for each in (tab, page):
            await each.goto("about:blank")


async def test_the_page_of_a_node_asks_for_its_token(page: Page, tmp_path: Path) -> None:
    token = tmp_path / "token"
    admin = Admin("http://127.0.0.1:0", token=token)
    async with Node("alice", extensions=[admin]):
        assert admin.address is not None
        await page.goto(admin.address)
        await page.fill("input[name=token]", "wrong")
        await page.click("text=Come in")
        await page.wait_for_selector("text=Paste the token")
        await page.fill("input[name=token]", token.read_text().strip())
        await page.click("text=Come in")
        await page.wait_for_selector(".tile")
        assert await page.inner_text(".head .name") == "alice"
        assert await page.is_disabled("text=Drain…"), "over TCP one may only look"
        await page.goto("about:blank")


async def test_a_page_at_another_port_of_this_host_gets_nothing(page: Page, place: Place, tmp_path: Path) -> None:
    """Cookies know no port: what keeps it out is the key, where it comes from, and the policy of the answers."""
    async with opened(page, place.socket) as dashboard:
        stranger = Admin("http://127.0.0.1:0", token=tmp_path / "token")
        async with Node("stranger", extensions=[stranger]):
            assert stranger.address is not None
            tab = await page.context.new_page()
            await tab.goto(f"{stranger.address}/livez")  # some page of that origin, which has no policy
            with pytest.raises(Exception, match="Failed to fetch"):
                await tab.evaluate(
                    "where => fetch(`${where}/nodes/0/v1/drain`, {method: 'PUT', credentials: 'include'})",
                    dashboard.address,
                )
            told = await tab.evaluate(
                "where => fetch(`${where}/nodes/0/v1/node`, {mode: 'no-cors', credentials: 'include'})"
                ".then(() => 'an answer', () => 'none')",
                dashboard.address,
            )
            assert told == "none"
            assert not place.node.overview().draining
            await tab.goto("about:blank")
