"""Opening the page in a browser, and waiting for what it shows, in the tests of `tests/browser`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from peerbus.operate.client import AdminTarget
from peerbus.operate.dashboard import Dashboard
from peerbus.operate.serving.places import SocketPlace

if TYPE_CHECKING:
    from playwright.async_api import Page

__all__ = ["SCREENS", "eventually", "opened", "show"]

SCREENS = ("overview", "map", "peers", "channels", "actors", "waits", "events")
#: Seconds that a test waits at most for something to be shown.
PATIENCE = 30.0


@asynccontextmanager
async def opened(page: Page, *sockets: Path) -> AsyncIterator[Dashboard]:
    """A dashboard of these nodes, by their sockets, shown on that page."""
    nodes = [(socket.stem, AdminTarget(SocketPlace(socket))) for socket in sockets]
    async with Dashboard(nodes, port=0) as dashboard:
        await page.goto(dashboard.link())
        await page.wait_for_selector(".head .pill:has-text('ready')")
        try:
            yield dashboard
        finally:
            await page.goto("about:blank")  # its streams end before what they come from


async def show(page: Page, screen: str) -> None:
    """Go to a screen."""
    await page.evaluate("name => { location.hash = `#/${name}` }", screen)
    await page.wait_for_selector(f"nav a[href='#/{screen}'][aria-current=page]")


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110  # no event tells what a page shows
            await asyncio.sleep(0)
