"""Drawings in pages: each with the look of its own, and the one for the width of the page."""

from __future__ import annotations

import re
from pathlib import Path

from docs_site.pictures import drawn
from docs_site.svg import picture

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_of_a_drawing_that_there_is_twice_the_page_has_both_and_each_its_own_arrow() -> None:
    page = drawn("![The bus](pictures/bus.svg)\n", DOCS, "README.md")
    assert re.findall(r'<figure class="([^"]+)">', page) == ["drawn wide", "drawn narrow"]
    for number in (1, 2):
        # A style of one counts for all of a page: an arrow of a drawing that is not shown shows nowhere.
        assert f".drawing-{number} .line{{" in page
        assert re.search(rf"\.drawing-{number} \.line{{[^}}]*url\(#arrow-{number}\)", page)
        assert f'id="arrow-{number}"' in page
    assert ".drawing ." not in page


def test_of_a_drawing_that_there_is_once_the_page_has_that(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "one.svg").write_text(picture("<g/>", 10, 10, "One"), encoding="utf-8")
    page = drawn("![One](pictures/one.svg)\n![None](pictures/none.svg)\n", tmp_path, "README.md")
    assert re.findall(r'<figure class="([^"]+)">', page) == ["drawn"]
    assert "![None](pictures/none.svg)" in page
