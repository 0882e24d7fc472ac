"""What the pages that teach show is run, and prints what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from shown_files import DOCS, ROOT, shown_files
from shown_programs import FOLDERS, programs, run, run_alone, shown_output


@pytest.mark.parametrize("program", run_alone(), ids=lambda program: program.removeprefix("docs/"))
def test_a_program_prints_what_its_page_says(program: str) -> None:
    assert run(program) == shown_output(program)


def test_every_program_beside_a_page_is_shown_by_one() -> None:
    shown = {each.path for each in shown_files()}
    assert [program for program in programs() if program not in shown] == []


RECIPES = sorted(path for path in (DOCS / "cookbook").glob("*.md") if path.name != "README.md")


@pytest.mark.parametrize("page", RECIPES, ids=lambda page: page.stem)
def test_a_recipe_says_what_why_and_what_goes_wrong(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE)[-3:] == [
        "Why it is so",
        "What goes wrong otherwise",
        "See also",
    ]
    assert "<!-- file: " in text
    assert f"({page.name})" in (DOCS / "cookbook" / "README.md").read_text(encoding="utf-8")


def test_no_program_of_a_page_is_longer_than_a_reader_copies() -> None:
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in programs()}
    assert {path: lines for path, lines in lengths.items() if lines > 120} == {}
    assert all(folder.is_dir() for folder in FOLDERS)
