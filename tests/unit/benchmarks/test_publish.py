"""What is published are finished runs, and a page keeps the part of a run that is not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmark_runs import a_run

from benchmarks import chart, publish
from benchmarks.results import Results, WrongResults

PAGE = "words\n" + "".join(
    f"<!-- {part}: begin -->\nold\n<!-- {part}: end -->\n" for part in ("run", "peers", "native")
)


def carriers_in(folder: Path) -> Path:
    path = folder / "carriers.md"
    path.write_text("<!-- carriers: begin -->\n<!-- carriers: end -->\n", encoding="utf-8")
    return path


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the pictures that were asked for."""
    found: list[str] = []
    monkeypatch.setattr(chart, "draw", lambda run, peers, path: found.append(path.name))
    return found


def test_a_finished_run_fills_its_part_of_the_page_and_is_kept_for_later_checks(
    tmp_path: Path, drawn: list[str]
) -> None:
    page, results, published = tmp_path / "speed.md", tmp_path / "results", tmp_path / "published"
    page.write_text(PAGE, encoding="utf-8")
    run = a_run((4.0, 1.0))
    run.save(results / "run.json", [])
    publish.publish(results, lambda text: None, page=page, carriers=carriers_in(tmp_path), published=published)
    text = page.read_text(encoding="utf-8")
    assert "| metric | peerbus |" in text
    assert "<!-- peers: begin -->\nold\n" in text
    assert Results.load(published / "run.json") == run
    assert drawn == ["speed.svg", "speed.png"]


def test_the_run_of_the_compiled_build_has_its_own_part(tmp_path: Path, drawn: list[str]) -> None:
    page, results = tmp_path / "speed.md", tmp_path / "results"
    page.write_text(PAGE, encoding="utf-8")
    a_run((4.0, 1.0)).save(results / "native.json", [])
    publish.publish(
        results, lambda text: None, page=page, carriers=carriers_in(tmp_path), published=tmp_path / "published"
    )
    text = page.read_text(encoding="utf-8")
    assert "<!-- run: begin -->\nold\n" in text
    assert "**The compiled build in one process" in text.partition("<!-- native: begin -->")[2]


def test_an_unfinished_run_and_none_are_refused_and_nothing_is_written(tmp_path: Path, drawn: list[str]) -> None:
    page, results = tmp_path / "speed.md", tmp_path / "results"
    page.write_text(PAGE, encoding="utf-8")
    with pytest.raises(WrongResults, match="make bench"):
        publish.publish(
            results, lambda text: None, page=page, carriers=carriers_in(tmp_path), published=tmp_path / "published"
        )
    run = a_run((4.0, 1.0))
    run.complete = False
    run.save(results / "run.json", [])
    with pytest.raises(WrongResults, match="--resume"):
        publish.publish(
            results, lambda text: None, page=page, carriers=carriers_in(tmp_path), published=tmp_path / "published"
        )
    assert page.read_text(encoding="utf-8") == PAGE
    assert drawn == []
