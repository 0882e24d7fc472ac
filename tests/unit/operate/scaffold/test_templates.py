"""Templates become files whose names and texts have the values, and nothing else of them changes."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from peerbus.operate.scaffold.templates import rendered

VALUES = {
    "app": "my-app",
    "package": "my_app",
    "versions": ">=1",
    "module": "ledger",
    "Reactor": "Ledger",
    "channel": "l",
}


def test_paths_have_the_names_and_hidden_files_are_hidden() -> None:
    made = rendered("project", VALUES)
    assert {"my_app/greeter.py", ".gitignore", ".github/workflows/ci.yml", "deploy/my-app@.service"} <= made.keys()
    assert sorted(rendered("reactor", VALUES)) == ["my_app/ledger.py", "tests/test_ledger.py"]


@pytest.mark.parametrize("kind", ["project", "reactor"])
def test_every_value_is_filled_in_and_what_other_tools_fill_in_is_left(kind: str) -> None:
    made = rendered(kind, VALUES)
    left = {path: found for path, text in made.items() if (found := re.findall(r"\{\{\w+\}\}", text))}
    assert left == {}
    if kind == "project":
        assert "${{ matrix.python }}" in made[".github/workflows/ci.yml"]


def test_a_value_that_is_not_given_is_an_error() -> None:
    with pytest.raises(KeyError):
        rendered("project", {"app": "a", "package": "a"})


def test_no_file_of_the_package_is_hidden_or_taken_for_what_it_becomes() -> None:
    def names(folder: object) -> list[str]:
        return [name for each in folder.iterdir() for name in (names(each) if each.is_dir() else [each.name])]  # type: ignore[attr-defined]  # a Traversable

    found = names(files("peerbus.operate.scaffold").joinpath("templates"))
    assert len(found) > 15
    assert [name for name in found if name.startswith(".") or not name.endswith(".template")] == []
