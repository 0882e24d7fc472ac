"""The picture of the gateway: its page in a real Chromium, with jobs under way and some refused."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

__all__ = ["VIEWS", "photograph_gateway"]

#: By what is added to the name of the picture: the window, and whether it is dark.
VIEWS: dict[str, tuple[tuple[int, int], Literal["light", "dark"]]] = {
    "": ((1000, 900), "light"),
    "-dark": ((1000, 900), "dark"),
    "-phone": ((390, 844), "light"),
}


def photograph_gateway(examples: Path, folder: Path, *, views: Iterable[str] = ("",)) -> Path:
    """Start the web and two workers, ask for ten jobs at once, and write `gateway.png` into the folder.

    Raises AssertionError where the page is wider than its window, playwright's TimeoutError where it does not show what
    it should.
    """
    chromium = (
        os.environ.get("PEERBUS_CHROMIUM")
        or shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    there = ["--here", "--network", f"picture-{os.getpid()}"]
    with ExitStack() as running:

        def start(*words: str) -> subprocess.Popen[str]:
            command = [sys.executable, "-m", "gateway", *words, *there]
            process = running.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=examples))
            running.callback(process.terminate)
            return process

        web = start("web", "--port", "0")
        for name in ("ada", "bob"):
            start("worker", name)
        assert web.stdout is not None
        found = re.match(r"open (http://\S+);", web.stdout.readline())
        assert found is not None
        playwright = running.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        running.callback(browser.close)
        page = browser.new_page()
        page.goto(found[1])
        page.get_by_text("2 workers", exact=True).wait_for()
        page.get_by_label("How many primes").fill("100000")
        page.get_by_role("button", name="Count", exact=True).click()
        page.get_by_text("9,592 primes").wait_for()
        page.get_by_label("How many primes").fill("150000000")
        page.get_by_role("button", name="Ten at once").click()
        page.get_by_text("refused with 503").wait_for()
        page.locator("#jobs li.running").first.get_by_role("button", name="Cancel").click()
        page.locator("#jobs li.cancelled").first.wait_for()
        page.wait_for_function("[...document.querySelectorAll('#jobs progress')].some(bar => bar.value > 30)")
        for view in views:
            (width, height), scheme = VIEWS[view]
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)
            page.evaluate("scrollTo(0, 0)")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"wider than {width}"
            page.screenshot(path=folder / f"gateway{view}.png")
    return folder / "gateway.png"
