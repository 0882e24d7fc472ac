"""A folder in the navigation stands for all its pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from docs_site.navigation import expanded, pages_of


def write(folder: Path, **pages: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")


def test_pages_come_in_the_order_in_which_the_folder_links_to_them(tmp_path: Path) -> None:
    write(tmp_path / "cookbook", README="[b](b.md#part), [a](./a.md)", a="", b="", new="")
    write(tmp_path / "cookbook" / "inner", README="# Deeper", page="")
    assert pages_of(tmp_path, "cookbook/") == [
        "cookbook/README.md",
        "cookbook/b.md",
        "cookbook/a.md",
        {"Deeper": ["cookbook/inner/README.md", "cookbook/inner/page.md"]},
        "cookbook/new.md",
    ]


def test_a_folder_is_replaced_wherever_it_stands(tmp_path: Path) -> None:
    write(tmp_path / "start", README="# Start")
    nav = ["README.md", {"Start": "start/"}, {"More": ["x.md", {"API": "api/"}]}]
    made = ["api/README.md", "api/node.md", "api/actors/README.md", "api/actors/base.md"]
    assert expanded(tmp_path, nav, made) == [  # type: ignore[arg-type]
        "README.md",
        {"Start": ["start/README.md"]},
        {
            "More": [
                "x.md",
                {
                    "API": [
                        "api/README.md",
                        "api/node.md",
                        {"peerbus.actors": ["api/actors/README.md", "api/actors/base.md"]},
                    ]
                },
            ]
        },
    ]


def test_a_folder_without_a_page_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="names nothing/, and there is no page"):
        pages_of(tmp_path, "nothing/")
