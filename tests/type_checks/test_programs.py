"""What users write is checked by mypy and pyright: right programs pass, and a line that is marked `# E` is refused."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from type_checkers import CHECKERS, ROOT, Complaint, complaints

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
#: The examples that are folders: packages, which import what is in them by its place.
PRODUCTS = sorted(path.parent for path in (ROOT / "examples").glob("*/__main__.py"))
#: The programs of the pages that teach, by folder; not those of other products, cells, and what says no types.
PAGES = ("start", "tutorial", "cookbook", "coming-from")
NOT_OURS = ("*_before.*", "notebook.py", "django_front.py", "__pycache__", "*.md")
README = re.findall(
    r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
#: The line has an error, for every checker.
MARK = re.compile(r"#\s*E\b(?!\w)")

pytestmark = [pytest.mark.types, pytest.mark.timeout(600)]

Check = Callable[[str], list[Complaint]]


@pytest.fixture(scope="session")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """What each checker says of all programs together: it starts once."""
    folder = tmp_path_factory.mktemp("programs")
    for program in (*PROGRAMS, *EXAMPLES):
        shutil.copy(program, folder)
    for product in PRODUCTS:
        shutil.copytree(product, folder / product.name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in PAGES:
        shutil.copytree(ROOT / "docs" / name, folder / name, ignore=shutil.ignore_patterns(*NOT_OURS))
    for number, program in enumerate(README):
        (folder / f"readme_{number}.py").write_text(program, encoding="utf-8")
    return cache(lambda checker: complaints(checker, folder))


def _of(file: str, found: list[Complaint]) -> dict[int, str]:
    return {complaint.line: complaint.text for complaint in found if complaint.file == file}


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_is_refused_where_it_is_wrong_and_nowhere_else(checked: Check, program: Path, checker: str) -> None:
    lines = program.read_text(encoding="utf-8").splitlines()
    wrong = {number for number, line in enumerate(lines, 1) if MARK.search(line)}
    found = _of(program.name, checked(checker))
    assert {line: text for line, text in found.items() if line not in wrong} == {}, "right, and refused"
    assert {line: lines[line - 1].strip() for line in sorted(wrong - found.keys())} == {}, "wrong, and not refused"


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_accepted(checked: Check, example: Path, checker: str) -> None:
    assert _of(example.name, checked(checker)) == {}


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("product", PRODUCTS, ids=lambda path: path.name)
def test_an_example_that_is_a_folder_is_accepted(checked: Check, product: Path, checker: str) -> None:
    assert [each for each in checked(checker) if each.file.startswith(f"{product.name}/")] == []


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("name", PAGES)
def test_the_programs_of_the_pages_that_teach_are_accepted(checked: Check, name: str, checker: str) -> None:
    assert [complaint for complaint in checked(checker) if complaint.file.startswith(f"{name}/")] == []


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("number", range(len(README)))
def test_the_programs_of_the_readme_are_accepted(checked: Check, number: int, checker: str) -> None:
    assert _of(f"readme_{number}.py", checked(checker)) == {}
