"""Opening a browser without showing its link to others: programs' arguments can be read by every user of a machine."""

from __future__ import annotations

import html
import os
import sys
import tempfile
import webbrowser
from collections.abc import Mapping
from pathlib import Path

__all__ = ["open_browser"]

_PAGE = """<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>peerbus</title>
<meta http-equiv="refresh" content="0; url={link}"><p><a href="{link}">the dashboard</a></p>
"""


def open_browser(link: str, environment: Mapping[str, str] | None = None) -> Path | None:
    """Open a browser at that link by a file that only this user can read; None: there is no browser to be seen here.

    The file is to be removed when the link was used.
    """
    environment = os.environ if environment is None else environment
    seen = sys.platform == "darwin" or any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
    if not seen:
        return None
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return None
    descriptor, name = tempfile.mkstemp(prefix="peerbus-", suffix=".html")  # 0600
    path = Path(name)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(_PAGE.format(link=html.escape(link, quote=True)))
    if not browser.open(path.as_uri()):
        path.unlink()
        return None
    return path
