"""A page keeps its words; only what stands between the markers is generated."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.markdown import NoMarkers, fill


def test_only_the_part_between_the_markers_changes_and_twice_is_as_once(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- run: begin -->\nold\n<!-- run: end -->\nafter\n", encoding="utf-8")
    for _ in range(2):
        fill(page, "run", "new")
        assert page.read_text(encoding="utf-8") == "before\n<!-- run: begin -->\nnew\n<!-- run: end -->\nafter\n"


@pytest.mark.parametrize("text", ["nothing", "<!-- run: end --> <!-- run: begin -->"])
def test_a_page_without_the_markers_is_an_error_that_names_them(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    with pytest.raises(NoMarkers, match="<!-- run: begin -->"):
        fill(page, "run", "new")
    assert page.read_text(encoding="utf-8") == text


def test_the_published_page_has_a_place_for_both_runs(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    source = Path(__file__).resolve().parents[3] / "docs" / "performance.md"
    page.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    fill(page, "run", "x")
    fill(page, "peers", "y")
