"""Clients in other languages: what can be said of their files without their languages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
JAVASCRIPT = ROOT / "clients" / "javascript"
GREETER = re.compile(r"```javascript\nimport .*?```", re.DOTALL)


def test_the_javascript_client_needs_msgpack_and_nothing_else_and_its_lock_names_no_private_place() -> None:
    package = json.loads((JAVASCRIPT / "package.json").read_text(encoding="utf-8"))
    locked = json.loads((JAVASCRIPT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert package["dependencies"] == {"@msgpack/msgpack": "3.1.3"}
    assert set(locked) == {"", "node_modules/@msgpack/msgpack"}
    assert locked[""]["dependencies"] == package["dependencies"]
    for name, entry in locked.items():
        assert entry.get("resolved", "https://registry.npmjs.org/").startswith("https://registry.npmjs.org/"), name
        assert not name or entry["integrity"].startswith("sha512-")


def test_the_javascript_of_the_readme_is_that_of_the_clients_own() -> None:
    shown = [
        GREETER.findall(path.read_text(encoding="utf-8")) for path in (ROOT / "README.md", JAVASCRIPT / "README.md")
    ]
    assert len(shown[0]) == 1
    assert shown[0] == shown[1]


@pytest.mark.parametrize("path", sorted((JAVASCRIPT / "src").rglob("*.js")), ids=lambda path: path.name)
def test_a_file_of_javascript_begins_with_what_it_is(path: Path) -> None:
    assert re.match(r"/\*\* [A-Z].*[.:] ?.*\*/\n", path.read_text(encoding="utf-8"))


def code_of(path: Path) -> list[str]:
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith(("//", "/*", "*"))]


@pytest.mark.parametrize(
    ("folder", "most"),
    [(".", 886), ("wire", 550), ("on-demand", 390)],
    ids=["joins, sends, streams and serves", "bytes and credit", "loaded when used"],
)
def test_the_javascript_client_stays_small(folder: str, most: int) -> None:
    sizes = {path.name: len(code_of(path)) for path in (JAVASCRIPT / "src" / folder).glob("*.js")}
    assert 0 < sum(sizes.values()) <= most, sizes


def test_its_bytes_know_nothing_of_the_rest_and_what_few_programs_need_is_loaded_when_it_is_used() -> None:
    for path in sorted((JAVASCRIPT / "src").rglob("*.js")):
        imported = re.findall(r'^(?:import|export) .*"(\.[^"]+)";$', path.read_text(encoding="utf-8"), re.M)
        for name in imported:
            found = (path.parent / name).resolve()
            assert found.is_file(), (path, name)
            assert found.parent.name == "wire" or path.parent.name != "wire", (path, name)
            assert found.parent.name != "on-demand" or path.parent.name == "on-demand", (path, name)
