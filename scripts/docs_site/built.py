"""Reads the built site once more: each link, anchor and picture is there, and nothing is loaded from elsewhere.

What mkdocs checks are the links that it makes itself. Here it is every page as a browser gets it, with what stands in
the theme, in raw HTML and in the reference.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["faults"]

#: What a page loads by itself; whoever follows a link decides that.
_LOADS = {
    ("script", "src"),
    ("img", "src"),
    ("img", "srcset"),
    ("source", "srcset"),
    ("source", "src"),
    ("iframe", "src"),
    ("use", "href"),
}
_LOADING_LINKS = {
    "stylesheet",
    "icon",
    "preconnect",
    "preload",
    "prefetch",
    "dns-prefetch",
    "modulepreload",
    "manifest",
}
_STYLE_URL = re.compile(r"url\(\s*['\"]?(https?:)?//|@import\s+['\"]?(https?:)?//")


class _Page(HTMLParser):
    """Of one page: its anchors, what it links to, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.loads: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what one tag names."""
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values and (name == "id" or tag == "a")}
        if tag == "link":
            if _LOADING_LINKS & set(values.get("rel", "").split()):
                self.loads.add(values.get("href", ""))
            return
        for name, value in values.items():
            if (tag, name) in _LOADS:
                self.loads |= (
                    {part.split()[0] for part in value.split(",") if part.split()} if name == "srcset" else {value}
                )
            elif (tag, name) == ("a", "href"):
                self.links.add(value)


def faults(site: Path) -> list[str]:
    """What is wrong with the site in that folder, a sentence for each."""
    pages = {
        path.relative_to(site).as_posix(): _Page(path.read_text(encoding="utf-8"))
        for path in sorted(site.rglob("*.html"))
    }
    found = []
    for name, page in pages.items():
        found += [f"{name} loads {url} from outside" for url in sorted(page.loads) if _outside(url)]
        for url in sorted({*page.links, *page.loads}):
            found += [f"{name}: {fault}" for fault in _link_faults(site, pages, name, url)]
    for style in sorted(site.rglob("*.css")):
        if _STYLE_URL.search(style.read_text(encoding="utf-8")):
            found.append(f"{style.relative_to(site).as_posix()} loads something from outside")
    return found


def _outside(url: str) -> bool:
    return urlsplit(url).scheme in ("http", "https") or url.startswith("//")


def _link_faults(site: Path, pages: dict[str, _Page], name: str, url: str) -> Iterator[str]:
    parts = urlsplit(url)
    if parts.scheme or parts.netloc or (name == "404.html"):
        return
    target = (
        name if not parts.path else posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(parts.path)))
    )
    there = site / target
    if there.is_dir():
        target, there = posixpath.normpath(f"{target}/index.html"), there / "index.html"
    if not there.is_file():
        yield f"{url} leads nowhere"
    elif parts.fragment and target in pages and not _anchored(pages[target], unquote(parts.fragment)):
        yield f"{url}: {target} has no anchor {unquote(parts.fragment)!r}"


def _anchored(page: _Page, anchor: str) -> bool:
    return anchor in page.anchors or anchor.startswith(("__", ":~:"))
