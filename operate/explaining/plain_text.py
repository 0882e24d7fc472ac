"""Markdown as lines for a terminal or a file: without its marks, tables row by row, links as names to look up."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from .markdown_table import MarkdownTable

__all__ = ["plain_lines"]

_LINK = re.compile(r"!?\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)[^)]*\)")
_STRONG = re.compile(r"\*\*(.+?)\*\*|(?<![\w*])\*(\S.*?)\*(?![\w*])")
_CODE = re.compile(r"(`+[^`]+`+)")
_ITEM = re.compile(r"( *)([-*]|\d+\.) +")
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_TAG = re.compile(r"</?(?:picture|source|img|br|details|summary|div|p|a|b|sub|sup)\b[^>]*>")


@dataclass(frozen=True, slots=True)
class _Writer:
    """Of one page, at one width."""

    page: str
    width: int

    def lines(self, text: str) -> Iterator[str]:
        """Block by block, with one empty line between two."""
        for number, (code, block) in enumerate(_blocks(_COMMENT.sub("", text))):
            if number:
                yield ""
            yield from (f"    {line}".rstrip() for line in block) if code else self._block(block)

    def _block(self, block: list[str]) -> Iterator[str]:
        if block[0].startswith("|"):
            yield from self._table(MarkdownTable.of(block))
            return
        joined: list[str] = []
        for line in block:
            if _ITEM.match(line) or not joined:
                joined.append(line)
            else:
                joined[-1] += f" {line.strip()}"
        for each in joined:
            mark = _ITEM.match(each)
            indent = mark[0] if mark else ""
            body = self.inline(each.removeprefix(indent)).removeprefix("> ")
            yield from self._wrapped(body, indent, " " * len(indent))

    def _table(self, table: MarkdownTable) -> Iterator[str]:
        """A row is its first cell, and the others below it, by their titles where there are several."""
        several = len(table.head) > 2
        for row in table.rows:
            yield from self._wrapped(self.inline(row[0]), "  ", "  ")
            for title, cell in zip(table.head[1:], row[1:], strict=True):
                if cell:
                    said = f"{self.inline(title)}: " if several and title else ""
                    yield from self._wrapped(f"{said}{self.inline(cell)}", "      ", "      ")

    def _wrapped(self, text: str, first: str, later: str) -> list[str]:
        return textwrap.wrap(
            text,
            self.width,
            initial_indent=first,
            subsequent_indent=later,
            break_on_hyphens=False,
            break_long_words=False,
        )

    def inline(self, text: str) -> str:
        """One line of prose without its marks; code keeps its own."""
        text = _LINK.sub(self._link, text.replace("<br>", "; "))
        parts = _CODE.split(text)
        return "".join(
            part if at % 2 else _TAG.sub("", _STRONG.sub(lambda found: found[1] or found[2], part))
            for at, part in enumerate(parts)
        ).strip()

    def _link(self, link: re.Match[str]) -> str:
        """What it says, and what to look up for more; nothing of pictures, and of what is not installed its words."""
        words, to = link[1], link[2]
        if link[0].startswith("!"):
            return ""
        if to.startswith(("https://", "http://")):
            return words if words == to else f"{words} ({to})"
        page, _, anchor = to.partition("#")
        page = page.removesuffix(".md") if page else self.page
        if "/" in page or "." in page or (page, anchor) == ("errors", words.lower()):
            return words
        place = f"{page}#{anchor}" if anchor else page
        return words if words == f"{page}.md" and not anchor else f"{words} ({place})"


def _blocks(text: str) -> Iterator[tuple[bool, list[str]]]:
    """What empty lines and fences part, and whether it is code."""
    block: list[str] = []
    fenced = False
    for line in [*text.splitlines(), ""]:
        fence = line.lstrip().startswith("```")
        if fence or (not fenced and not line.strip()):
            if block:
                yield fenced, textwrap.dedent("\n".join(block)).split("\n") if fenced else block
            block, fenced = [], fenced != fence
        else:
            block.append(line)


def plain_lines(page: str, text: str, width: int) -> Iterator[str]:
    """The lines of a text of that page, at most `width` columns wide but for code."""
    return _Writer(page, width).lines(text)
