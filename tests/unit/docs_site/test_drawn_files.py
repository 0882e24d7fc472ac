"""What docs/pictures has is what the code draws."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs_site.drawn_files import FOLDER, drawn_files
from docs_site.send_picture import PHASES

DRAWN = drawn_files()


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.name)
def test_a_picture_is_as_it_is_drawn_now(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == DRAWN[path], "run: make generate"


def test_there_is_no_picture_that_nobody_draws() -> None:
    assert set(FOLDER.glob("*.svg")) == set(DRAWN)


def test_the_way_of_a_send_shows_the_phases_that_the_page_has() -> None:
    page = (FOLDER.parent / "guarantees.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \|", page[page.index("| phase |") :].partition("\n\n")[0], re.MULTILINE)
    assert {phase for phase, _ in PHASES} == set(listed) - {"streams"}  # which an ask has not
