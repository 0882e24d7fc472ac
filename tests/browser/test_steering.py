"""Levers are pulled by buttons that ask first, and what came of it is shown."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from administered import Place
from page_driver import eventually, opened, show

from peerbus.discovery.book import SqliteBook
from peerbus.node import Node
from peerbus.operate import Admin
from peerbus.operate.client import AdminTarget
from peerbus.operate.dashboard import Dashboard
from peerbus.operate.serving.places import SocketPlace

if TYPE_CHECKING:
    from playwright.async_api import Page


async def test_a_ban_by_button_is_in_the_book(page: Page, tmp_path: Path) -> None:
    book = tmp_path / "book.sqlite"
    socket = tmp_path / "alice.sock"
    async with AsyncExitStack() as stack:
        made = Node("alice", listen=["tcp://127.0.0.1:0"], book=book, extensions=[Admin(str(socket))])
        alice = await stack.enter_async_context(made)
        bob = await stack.enter_async_context(Node("bob", peers=list(alice.endpoints)))
        async with opened(page, socket):
            await show(page, "peers")
            await page.click("button[aria-label='Ban bob']")
            assert await page.evaluate("document.activeElement.textContent") == "Cancel"
            await page.select_option("dialog select", "600")
            await page.fill("dialog input[name=reason]", "loud")
            assert not alice.overview().bans
            await page.click("dialog button[type=submit]")
            await page.wait_for_selector("text=bob is banned")
            (ban,) = alice.overview().bans
            assert (ban.target, ban.reason) == (bob.node_id, "loud")
            await page.wait_for_selector("h2:has-text('Bans in force')")
            assert await page.inner_text("tr:has-text('loud')")
            await page.click("button[aria-label^='Lift the ban']")
            await page.keyboard.press("Escape")
            assert alice.overview().bans == (ban,)
    kept = SqliteBook(book)
    kept.open()
    try:
        assert [(str(each.target), each.reason) for each in kept.load().bans] == [(bob.node_id, "loud")]
    finally:
        kept.close()


async def test_a_lever_that_is_refused_says_why_where_it_was_pulled(page: Page, place: Place) -> None:
    async with opened(page, place.socket):
        await show(page, "peers")
        await page.click("text=Dial…")
        await page.fill("dialog input[name=to]", "nonsense://")
        await page.click("dialog button[type=submit]")
        await page.wait_for_selector("dialog .failed:has-text('nonsense')")
        await page.keyboard.press("Escape")
        await page.wait_for_selector("dialog", state="detached")


async def test_a_node_is_drained_and_let_in_again(page: Page, place: Place) -> None:
    async def draining() -> bool:
        return place.node.overview().draining

    async with opened(page, place.socket):
        await page.click("text=Drain…")
        await page.click("dialog button[type=submit]")
        await eventually(draining)
        await page.wait_for_selector(".head .pill:has-text('draining')")
        await page.click("text=Let peers in")
        await page.click("dialog button[type=submit]")
        await page.wait_for_selector(".head .pill:has-text('ready')")
        assert not await draining()


async def test_for_looking_only_no_lever_can_be_pulled(page: Page, place: Place) -> None:
    nodes = [("alice", AdminTarget(SocketPlace(place.socket)))]
    async with Dashboard(nodes, port=0, write=False) as dashboard:
        await page.goto(dashboard.link())
        await page.wait_for_selector(".tile")
        assert await page.is_disabled("text=Drain…")
        await show(page, "peers")
        assert await page.is_disabled("text=Dial…")
        await page.goto("about:blank")
