"""Navigation by folder: `Cookbook: cookbook/` in mkdocs.yml stands for all its pages, so a new one needs no line there.

The folder's README.md comes first. The others follow in the order in which it links to them, those that it does not
link to at the end, by name. A folder within is a section of its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TypeAlias

__all__ = ["Entry", "expanded", "pages_of"]

#: As mkdocs has it: a page, a title with a page, or a title with entries.
Entry: TypeAlias = "str | dict[str, str | list[Entry]]"


def expanded(docs: Path, entries: list[Entry], made_pages: Collection[str] = ()) -> list[Entry]:
    """The navigation, with each folder replaced by its pages. Raises: ValueError for a folder without a page.

    `made_pages`: those that stand in no file, in their order; a folder may be among them.
    """

    def pages(folder: str) -> list[Entry]:
        inside = [name for name in made_pages if name.startswith(folder)]
        return _tree(folder, inside) if inside else pages_of(docs, folder)

    made: list[Entry] = []
    for entry in entries:
        if isinstance(entry, str):
            made += pages(entry) if entry.endswith("/") else [entry]
            continue
        ((title, inner),) = entry.items()
        if isinstance(inner, list):
            made.append({title: expanded(docs, inner, made_pages)})
        elif inner.endswith("/"):
            made.append({title: pages(inner)})
        else:
            made.append(entry)
    return made


def pages_of(docs: Path, folder: str) -> list[Entry]:
    """The entries of one folder, `cookbook/`."""
    where = docs / folder
    index = where / "README.md"
    text = index.read_text(encoding="utf-8") if index.is_file() else ""
    order = [link.removesuffix("/README.md") for link in re.findall(r"\]\((?:\./)?([\w./-]+?)(?:#[^)]*)?\)", text)]

    def rank(name: str) -> tuple[int, str]:
        return (order.index(name) if name in order else len(order), name)

    pages = [page.name for page in where.glob("*.md") if page.name != "README.md"]
    folders = (
        [each.name for each in where.iterdir() if each.is_dir() and any(each.rglob("*.md"))] if where.is_dir() else []
    )
    made: list[Entry] = [f"{folder}README.md"] if text else []
    for name in sorted([*pages, *folders], key=rank):
        if name in folders:
            made.append({title_of(where / name): pages_of(docs, f"{folder}{name}/")})
        else:
            made.append(f"{folder}{name}")
    if not made:
        raise ValueError(f"the navigation names {folder}, and there is no page in {where}")
    return made


def _tree(folder: str, names: Sequence[str]) -> list[Entry]:
    """Pages that stand in no file, as they come; those of a folder within together."""
    parts: dict[str, list[str]] = {}
    for name in names:
        parts.setdefault(name.removeprefix(folder).partition("/")[0], []).append(name)
    return [
        inside[0] if part.endswith(".md") else {f"peerbus.{part}": _tree(f"{folder}{part}/", inside)}
        for part, inside in parts.items()
    ]


def title_of(folder: Path) -> str:
    """The first heading of its README.md, or its name."""
    index = folder / "README.md"
    found = re.search(r"^# (.+)$", index.read_text(encoding="utf-8"), re.MULTILINE) if index.is_file() else None
    return found[1] if found else folder.name.replace("-", " ").capitalize()
