"""The pictures of the dashboard: what `peerbus demo --dashboard` shows when all is done, light and dark."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import sync_playwright

__all__ = ["photograph_dashboard"]

COMMAND = (sys.executable, "-P", "-m", "peerbus", "demo", "--dashboard", "--no-browser")
#: Seconds for which round trips settle: the file is copied by then, and one node was killed.
SETTLING = 20.0
SIZE: Final = {"width": 1280, "height": 760}
SCHEMES: dict[str, Literal["light", "dark"]] = {"dashboard.png": "light", "dashboard-dark.png": "dark"}


def photograph_dashboard(docs: Path) -> Path:
    """Run the demonstration, and write both pictures of its map into the folder.

    Raises playwright's TimeoutError where the page does not show the node that was killed.
    """
    chromium = (
        os.environ.get("PEERBUS_CHROMIUM")
        or shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    with subprocess.Popen(COMMAND, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as demo:
        assert demo.stderr is not None
        link = ""
        for line in demo.stderr:
            link = line.removeprefix("open once: ").strip() if line.startswith("open once: ") else link
            if "run on" in line:
                break
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                page = browser.new_page(viewport=SIZE)
                page.goto(link)
                page.wait_for_selector(".head .pill.good")
                time.sleep(SETTLING)
                page.evaluate("location.hash = '#/map'")
                page.wait_for_selector("line.link.cut", state="attached")
                for name, scheme in SCHEMES.items():
                    page.emulate_media(color_scheme=scheme)
                    page.screenshot(path=docs / name)
                browser.close()
        finally:
            demo.terminate()
    return docs / "dashboard.png"
