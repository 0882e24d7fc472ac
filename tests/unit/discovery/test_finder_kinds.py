"""Finders join by being installed, as carriers do, once their scheme is configured."""

from __future__ import annotations

from pathlib import Path

import pytest
from brought import package

from peerbus.actors.base import ConfigError
from peerbus.discovery.finder_kinds import finders_installed, make_finders

SOURCE = """
from peerbus.discovery import FinderKind
def made(*args, **more): ...
def make(url):
    if url == "stars://":
        raise ValueError("which star?")
    if url == "stars://none":
        return None
    if url == "stars://fallen":
        raise KeyError("sky")
    return made
KIND = FinderKind(scheme="stars", make=make)
"""


def test_a_package_brings_a_finder(tmp_path: Path) -> None:
    points = {"peerbus.finders": {"stars": "stargazing:KIND", "moon": "stargazing:KIND", "dns": "stargazing:KIND"}}
    with package(tmp_path, "stargazing", SOURCE, points):
        assert ("stars", "stargazing") in [(each.name, each.by) for each in finders_installed()]
        made = make_finders(["stars://vega", "dns://peers?port=1"])
        assert list(made) == ["stars://vega", "dns://peers?port=1"]
        assert list(make_finders(["STARS://vega"])) == ["STARS://vega"], "schemes have no case"
        assert made["stars://vega"].__name__ == "made"  # type: ignore[attr-defined]  # it is a function
        for url, why in (
            ("stars://", "^which star"),
            ("stars://none", "the finder stars is broken: it makes None"),
            ("stars://fallen", "the finder stars is broken: KeyError: 'sky'"),
            ("moon://x", "is that of 'stars'"),
            ("vega", "names no finder"),
        ):
            with pytest.raises(ConfigError, match=why):
                make_finders([url])
    with pytest.raises(ConfigError, match=r"unknown finder 'stars'; installed are dns, folder"):
        make_finders(["stars://vega"])
