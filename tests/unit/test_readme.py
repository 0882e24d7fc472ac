"""The README is held to its word: its program runs, its commands are verbs, its files are there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("clients/*/README.md")])
#: Files that `peerbus new` makes, as its page calls them.
OF_A_NEW_PROJECT = frozenset(f"tests/test_{name}.py" for name in ("cluster", "greeter", "visitor"))
#: Characters of a line of prose; a row of a table has as many as it needs.
WIDTH = 150


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_program_prints_what_the_readme_says(tmp_path: Path) -> None:
    program = tmp_path / "readme.py"
    program.write_text(_blocks("python")[0])
    done = subprocess.run(
        [sys.executable, "-W", "error", program], check=False, capture_output=True, text=True, cwd=tmp_path, timeout=30
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == _blocks("text")[0]


def test_the_readme_is_for_somebody_with_one_minute() -> None:
    assert len(README.splitlines()) < 150


def test_the_two_commands_come_first_and_are_verbs_of_the_makefile() -> None:
    commands = re.findall(r"^\$ make (\w+)", _blocks("console")[0], re.MULTILINE)
    assert commands == ["demo", "test"]
    assert README.index("make demo") < README.index("```python")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_verb_that_a_document_names_is_in_the_makefile(document: Path) -> None:
    verbs = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|\$ )make ([a-z-]+)", document.read_text(encoding="utf-8")))
    assert named <= verbs


def test_every_file_of_the_pattern_table_is_there() -> None:
    rows = re.findall(r"^\| .+ \| (`.+`) \|$", CONTRIBUTING.partition("## Patterns")[2], re.MULTILINE)
    files = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert files
    assert [name for name in files if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_document_names_is_there(document: Path) -> None:
    named = set(re.findall(r"`([a-z]+/[\w./-]+\.\w+)(?:#[\w-]+)?(?:::\w+)?`", document.read_text(encoding="utf-8")))
    ours = {name for name in named if (ROOT / name.partition("/")[0]).is_dir()}
    assert [name for name in sorted(ours - OF_A_NEW_PROJECT) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


# Half of performance.md is written by `make bench-publish`.
@pytest.mark.parametrize(
    "document", sorted({*(ROOT / "docs").glob("*.md")} - {ROOT / "docs" / "performance.md"}), ids=str
)
def test_prose_is_no_wider_than_an_editor(document: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert [line for line in text.splitlines() if len(line) > WIDTH and not line.startswith("|")] == []


def test_the_documented_configuration_is_a_right_one_and_names_every_key(tmp_path: Path) -> None:
    from peerbus.node.config.config import parse_config

    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    example, *parts = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "alice.pem").touch()
    config = parse_config(example, name="docs/configuration.md", folder=tmp_path)
    assert config.reactors
    for part in parts:
        named = "" if "[network]" in part else 'network = "demo"\n'
        parse_config(f'name = "alice"\n{named}{part}', name="docs/configuration.md", folder=tmp_path)
    written = set(re.findall(r"^(\w+) =", example, re.MULTILINE))
    rows = set(re.findall(r"^\| `(?:\w+(?:\[\])?\.)*(\w+)` \|", text, re.MULTILINE))
    assert written <= rows


def test_the_rules_that_the_page_on_security_shows_are_right_ones_and_the_same_in_code(tmp_path: Path) -> None:
    from peerbus.node import Allow, Permissions
    from peerbus.node.config.config import parse_config

    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    said = [
        part for part in re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) if "[network]" not in part
    ]
    read = [parse_config(f'name = "alice"\nnetwork = "demo"\n{part}', name="page", folder=tmp_path) for part in said]
    (code,) = [
        part for part in re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) if "Allow" in part
    ]
    found: dict[str, object] = {}
    exec(code, found)  # noqa: S102  # it is the page's
    rules = found["rules"]
    assert isinstance(rules, Permissions)
    permissions = next(config.permissions for config in read if config.permissions.roles)
    assert permissions.roles == rules.roles
    assert permissions.channels["blocks"] == Allow(ask=["*"], tell=["role:writer", "zone=eu"])
    rates = next(config.rates for config in read if config.rates.each is not None)
    assert rates.channels["blocks"].messages == 50
