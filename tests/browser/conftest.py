"""A real Chromium for the tests of the page: `make browser` says where it is, and without it these are skipped."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from administered import Blocks, Place

from peerbus.node import Node
from peerbus.operate import Admin

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

CHROMIUM = os.environ.get("PEERBUS_CHROMIUM", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a browser where none was named."""
    if not CHROMIUM:
        for item in items:
            if "/browser/" in str(item.path):
                item.add_marker(pytest.mark.skip(reason="it takes a browser: make browser"))


@pytest_asyncio.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A node that others can dial, with an admin at a socket."""
    path = tmp_path / "alice.sock"
    admin, at = Admin(str(path)), ["tcp://127.0.0.1:0"]
    async with Node("alice", listen=at, reactors=[Blocks], offers={"archive"}, extensions=[admin]) as node:
        yield Place(node, admin, path)


@pytest_asyncio.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A browser of its own for each test."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        # Its sandbox needs what root in a container has not; what it shows here is ours.
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def page(chromium: Browser) -> AsyncIterator[Page]:
    """A wide page, light."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    made = await context.new_page()
    made.set_default_timeout(30_000)
    yield made
    await context.close()
