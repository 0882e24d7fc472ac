"""A browser is opened by a file that only its user can read, so that no argument of a program shows the link."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from peerbus.operate.dashboard import open_browser

LINK = "http://127.0.0.1:7402/#ticket=a&b"


@pytest.mark.skipif(sys.platform == "darwin", reason="there is always a browser to be seen")
def test_where_no_browser_can_be_seen_none_is_opened() -> None:
    assert open_browser(LINK, {}) is None


def test_a_browser_gets_a_file_and_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = tmp_path / "seen"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {seen}\n')
    browser.chmod(0o700)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    monkeypatch.setattr("webbrowser._tryorder", None)
    monkeypatch.setattr("webbrowser._browsers", {})
    path = open_browser(LINK, {"BROWSER": str(browser)})
    assert path is not None
    try:
        assert seen.read_text() == path.as_uri()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "url=http://127.0.0.1:7402/#ticket=a&amp;b" in path.read_text()
    finally:
        path.unlink()
