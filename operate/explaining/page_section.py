"""The sections of a page of Markdown: headings with their anchors, as Git hosts have them, and what is below each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["PageSection", "anchor_of", "sections_of"]

_HEADING = re.compile(r"(#{1,6}) +(.+?) *#*")
_FENCE = re.compile(r" *(```+|~~~+)")
_MARKS = re.compile(r"[`*]|\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class PageSection:
    """A heading and what stands below it, up to the next heading. `page` is the page's name, without `.md`."""

    page: str
    anchor: str
    title: str
    #: 1 for the page's own title.
    level: int
    text: str

    @property
    def place(self) -> str:
        """`operate#a-slow-reactor`; of the head of a page only its name."""
        return self.page if self.level == 1 else f"{self.page}#{self.anchor}"


def sections_of(page: str, text: str) -> Iterator[PageSection]:
    """A page, section by section; what looks like a heading in a block of code is none."""
    title, level, lines, fence = "", 0, list[str](), ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if mark:
            fence = "" if fence and line.strip().startswith(fence) else fence or mark[1]
        heading = None if fence or mark else _HEADING.fullmatch(line)
        if heading is None:
            lines.append(line)
            continue
        if level:
            yield PageSection(page, anchor_of(title), title, level, "\n".join(lines).strip("\n"))
        title, level, lines = _MARKS.sub(r"\1", heading[2]), len(heading[1]), []
    if level:
        yield PageSection(page, anchor_of(title), title, level, "\n".join(lines).strip("\n"))


def anchor_of(title: str) -> str:
    """The anchor of a heading: small letters, `-` for a blank, and no other sign."""
    return re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")
