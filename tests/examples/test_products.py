"""The examples that are products: each folder can be copied, says how it is run, and has a picture of a real run."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
PRODUCTS = sorted(path.parent for path in EXAMPLES.glob("*/__main__.py"))
#: Characters of a line of prose; a row of a table, and a link, have as many as they need.
WIDTH = 150

each_product = pytest.mark.parametrize("folder", PRODUCTS, ids=lambda path: path.name)


def _page(folder: Path) -> str:
    return (folder / "README.md").read_text(encoding="utf-8")


def _anchors(document: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_shelf_has_the_products_and_shows_each() -> None:
    assert {"cache", "chat", "gateway", "jobs", "mempool", "sensors", "three_sites"} <= {path.name for path in PRODUCTS}
    shelf = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in PRODUCTS if f"({path.name}/README.md)" not in shelf] == []
    assert [path.name for path in EXAMPLES.glob("*.py") if f"({path.name})" not in shelf] == []


@each_product
def test_its_page_has_two_commands_a_picture_and_links_that_lead_somewhere(folder: Path) -> None:
    page = _page(folder)
    commands = re.findall(r"^\$ (.+)$", page.partition("```console\n")[2].partition("```")[0], re.MULTILINE)
    assert len(commands) == 2
    assert any(f"-m {folder.name}" in command for command in commands)
    (picture,) = re.findall(r"^!\[[^\]]{20,}\]\((.+)\)$", page, re.MULTILINE)
    assert (folder / picture).exists()
    assert {"What it shows of the bus", "Make it yours"} <= set(re.findall(r"^## (.+)$", page, re.MULTILINE))
    links = re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page)
    assert [path for path, _ in links if not (folder / path).exists()] == []
    wrong = [(path, anchor) for path, anchor in links if anchor and anchor not in _anchors(folder / path)]
    assert wrong == []
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL).splitlines()
    assert [line for line in prose if len(line) > WIDTH and not line.startswith(("|", "!["))] == []


@each_product
def test_what_its_page_names_is_in_its_program(folder: Path) -> None:
    """Files, classes, methods and functions of the column *where*."""
    rows = re.findall(r"^\| .+ \| (.*) \| .* \|$", _page(folder), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert named
    source = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    for name in named:
        if re.search(r"\.\w+$", name) and "(" not in name and name.rpartition(".")[2] in ("py", "toml", "html"):
            assert list(folder.glob(name)), name
        else:
            assert all(re.search(rf"\b{re.escape(word)}\b", source) for word in re.findall(r"\w+", name)), name


@each_product
def test_it_is_a_folder_to_copy(folder: Path) -> None:
    """It imports its own files by their places in it, and nothing of this checkout but the installed package."""
    for path in folder.rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 250, f"{path.name} has {len(lines)} lines"
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                assert not (EXAMPLES / (node.module or "").partition(".")[0]).exists(), f"{path.name}: {node.module}"
    assert (folder / f"test_{folder.name}.py").exists()


@pytest.mark.parametrize("picture", sorted(EXAMPLES.glob("*/*.svg")), ids=lambda path: path.stem)
def test_a_picture_is_well_formed_and_says_what_is_on_it(picture: Path) -> None:
    root = ET.parse(picture).getroot()  # noqa: S314  # our own file
    title = root.find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert len(title.text or "") > 20
    assert "Traceback" not in picture.read_text(encoding="utf-8")
