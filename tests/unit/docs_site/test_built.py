"""The last look at the site: links, anchors, and nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

from docs_site.built import faults

PAGE = '<h1 id="top">{words}</h1><a href="other.html#there">x</a><a href="#top">y</a><img src="a.png">'


def site(folder: Path, **pages: str) -> Path:
    (folder / "a.png").touch()
    (folder / "other.html").write_text('<p id="there">')
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text)
    return folder


def test_a_sound_site_has_no_fault(tmp_path: Path) -> None:
    assert faults(site(tmp_path, index=PAGE + '<a href="https://example.org">out</a>')) == []


def test_each_fault_is_named_with_its_page(tmp_path: Path) -> None:
    wrong = (
        '<a href="gone.html">x</a><a href="other.html#gone">y</a><a href="#nothing">z</a><img srcset="b.png 2x">'
        '<link rel="stylesheet" href="https://fonts.example.org/a.css"><script src="//cdn.example.org/x.js"></script>'
    )
    (tmp_path / "style.css").write_text("@import 'https://fonts.example.org/a.css';")
    assert faults(site(tmp_path, index=wrong)) == [
        "index.html loads //cdn.example.org/x.js from outside",
        "index.html loads https://fonts.example.org/a.css from outside",
        "index.html: #nothing: index.html has no anchor 'nothing'",
        "index.html: b.png leads nowhere",
        "index.html: gone.html leads nowhere",
        "index.html: other.html#gone: other.html has no anchor 'gone'",
        "style.css loads something from outside",
    ]
