"""The page says what it has lost, keeps to its pace, and is for small screens, keyboards and readers of screens too."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from administered import Place
from page_driver import SCREENS, opened, show

from peerbus.node import Node
from peerbus.operate import Admin

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

#: A node in a process of its own, which can be killed.
VICTIM = """
import asyncio, sys
from peerbus.node import Node
from peerbus.operate import Admin

async def main():
    async with Node("victim", peers=[sys.argv[1]], offers={"archive"}, extensions=[Admin(sys.argv[2])]) as node:
        print("up", flush=True)
        await node.wait_stopped()

asyncio.run(main())
"""


async def _killed(page: Page, alice: Node, tmp_path: Path, *, watched: bool) -> float:
    """Start a node, look at it, kill it; the seconds until it is red."""
    sockets = [tmp_path / "alice.sock", *([tmp_path / "victim.sock"] if watched else [])]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-c", VICTIM, alice.endpoints[0], str(tmp_path / "victim.sock"),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        await process.stdout.readline()
        async with opened(page, *sockets):
            await show(page, "map")
            await page.wait_for_selector("g.node.up:has-text('victim')")
            await page.wait_for_selector("line.link:not(.cut)", state="attached")
            began = time.monotonic()
            process.kill()
            await page.wait_for_selector("g.node.lost:has-text('victim')")
            red = time.monotonic() - began
            await page.wait_for_selector("line.link.cut", state="attached")
            await show(page, "peers")
            await page.wait_for_selector("tr.lost:has-text('victim')")
            if watched:
                await page.click(".nodes button:has-text('victim')")
                await page.wait_for_selector(".banner:has-text('victim is lost')")
                assert (await page.title()).startswith("lost: ")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    return red


@pytest.mark.parametrize("watched", [False, True], ids=["as-a-peer", "as-a-node"])
async def test_a_node_that_is_killed_is_red_within_three_seconds(page: Page, tmp_path: Path, watched: bool) -> None:
    taken = []
    extension = Admin(str(tmp_path / "alice.sock"))
    async with Node("alice", listen=["tcp://127.0.0.1:0"], extensions=[extension]) as alice:
        for _ in range(3):  # the machine may stand still for a while
            taken.append(await _killed(page, alice, tmp_path, watched=watched))
            if taken[-1] < 3:
                return
    pytest.fail(f"it was red after {taken} seconds")


async def test_it_says_when_it_has_lost_a_node_or_the_server_and_when_the_node_is_there_again(
    page: Page, tmp_path: Path
) -> None:
    socket = tmp_path / "alice.sock"
    node = Node("alice", extensions=[Admin(str(socket))])
    await node.__aenter__()
    try:
        async with opened(page, socket) as dashboard:
            await node.aclose()
            await page.wait_for_selector(".banner:has-text('alice is lost')")
            assert await page.inner_text(".head .pill") == "lost"
            assert await page.inner_text("#said"), "who hears the page hears that too"
            node = Node("alice", offers={"again"}, extensions=[Admin(str(socket))])
            await node.__aenter__()
            await page.wait_for_selector(".head .pill:has-text('ready')")
            assert await page.is_hidden(".banner")
            await page.wait_for_selector(".facts:has-text('again')")
            await dashboard.aclose()
            await page.wait_for_selector(".banner:has-text('the server does not answer')")
    finally:
        await node.aclose()


async def test_values_change_at_most_four_times_a_second(page: Page, place: Place, tmp_path: Path) -> None:
    more = [tmp_path / f"n{i}.sock" for i in range(4)]
    nodes = [Node(path.stem, extensions=[Admin(str(path))]) for path in more]
    for node in nodes:
        await node.__aenter__()
    try:
        async with opened(page, place.socket, *more):
            gaps = await page.evaluate(
                """() => new Promise((done) => {
                  const tile = document.querySelectorAll('.tile dd')[12], times = [];
                  new MutationObserver(() => {
                    times.push(performance.now());
                    if (times.length > 6) done(times.slice(1).map((time, i) => time - times[i]));
                  }).observe(tile, {childList: true, characterData: true, subtree: true});
                })"""
            )
            assert min(gaps) > 200, gaps
    finally:
        for node in nodes:
            await node.aclose()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
async def test_a_reader_of_screens_finds_nothing_serious_and_nothing_is_wider_than_the_screen(
    chromium: Browser, tmp_path: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    from axe_playwright_python.async_playwright import Axe

    context = await chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = await context.new_page()
    socket = tmp_path / "alice.sock"
    async with Node(
        "alice", listen=["tcp://127.0.0.1:0"], offers={"archive"}, extensions=[Admin(str(socket))]
    ) as alice:
        await alice.ban("10.1.0.0/16")
        async with Node("bob", peers=list(alice.endpoints), offers={"index"}), opened(page, socket):
            for screen in SCREENS:
                await show(page, screen)
                if screen in ("peers", "channels", "actors"):
                    await page.click("tbody .opens >> nth=0")
                found = (await Axe().run(page)).response["violations"]
                serious = [
                    (each["id"], [node["target"] for node in each["nodes"]][:3])
                    for each in found
                    if each["impact"] in ("serious", "critical")
                ]
                assert serious == [], screen
                assert await page.evaluate("document.documentElement.scrollWidth") <= width, screen
    await context.close()


async def test_the_keyboard_reaches_everything(page: Page, place: Place) -> None:
    async with opened(page, place.socket):
        for number, screen in enumerate(SCREENS, 1):
            await page.keyboard.press(str(number))
            await page.wait_for_selector(f"nav a[href='#/{screen}'][aria-current=page]")
        await page.keyboard.press("5")
        await page.wait_for_selector("[data-filter]")
        await page.keyboard.press("/")
        assert await page.evaluate("document.activeElement.matches('[data-filter]')")
        await page.keyboard.type("blocks3")
        await page.keyboard.press("Escape")
        await page.wait_for_selector("text=No actor here is called so.")
        await page.keyboard.press("p")
        await page.wait_for_selector(".live:has-text('paused')")
        await page.keyboard.press("p")
        await page.keyboard.press("?")
        await page.wait_for_selector("dialog:has-text('Keys')")
        await page.keyboard.press("Escape")
        await page.wait_for_selector("dialog", state="detached")
        await page.keyboard.press("3")
        await page.wait_for_selector("text=Dial…")
        await page.locator("text=Dial…").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_selector("dialog")
        await page.keyboard.press("Escape")
        await page.wait_for_selector("dialog", state="detached")
        assert await page.evaluate("document.activeElement.textContent") == "Dial…"


async def test_light_and_dark_are_as_the_system_says_until_one_is_chosen(page: Page, place: Place) -> None:
    async with opened(page, place.socket):
        assert await page.evaluate("document.documentElement.dataset.theme") == "light"
        await page.emulate_media(color_scheme="dark")
        await page.wait_for_selector("html[data-theme=dark]", state="attached")
        await page.keyboard.press("t")
        assert await page.evaluate("document.documentElement.dataset.theme") == "light"
        await page.reload()
        await page.wait_for_selector(".tile")
        assert await page.evaluate("document.documentElement.dataset.theme") == "light"
