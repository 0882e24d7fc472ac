"""A page's Markdown as a plain Git host reads it (CommonMark), written so that Python-Markdown reads it the same way.

On a Git host a list may follow a paragraph without an empty line, and what belongs to an item may be indented by two or
three. Python-Markdown wants an empty line, and four. Blocks of code are left as they are, but for their indentation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

__all__ = ["outside_code", "sane", "sections"]

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>```+|~~~+)")
_ITEM = re.compile(r"^(?P<indent> *)(?P<mark>[-*+]|\d+[.)]) +(?=\S)")


def sections(text: str) -> Iterator[tuple[bool, list[str]]]:
    """The lines in runs: whether they are a block of code, with its fences, and the lines with their ends."""
    run: list[str] = []
    fence = ""
    for line in text.splitlines(keepends=True):
        found = _FENCE.match(line)
        if not fence and found:
            if run:
                yield False, run
            run, fence = [line], found["fence"]
        elif fence and found and found["fence"].startswith(fence) and not line.strip().strip(fence[0]):
            run.append(line)
            yield True, run
            run, fence = [], ""
        else:
            run.append(line)
    if run:
        yield bool(fence), run


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """The page, with `change` made to what stands outside of blocks of code."""
    return "".join("".join(run) if code else change("".join(run)) for code, run in sections(text))


def sane(text: str) -> str:
    """The page for Python-Markdown."""
    written: list[str] = []
    #: Of each list that is open: where its mark stood, where what belongs to it stands, and how deep it is now.
    lists: list[tuple[int, int]] = []
    empty = True

    def moved(line: str) -> str:
        """A line, indented by four for each list that it stands in."""
        if not line.strip():
            return line
        indent = len(line) - len(line.lstrip(" "))
        while lists and indent < lists[-1][1] and not (_ITEM.match(line) and indent > lists[-1][0]):
            lists.pop()
        rest = line[min(indent, lists[-1][1]) if lists else 0 :]
        return " " * 4 * len(lists) + rest

    for code, run in sections(text):
        if code:
            first = moved(run[0])
            shift = (len(first) - len(first.lstrip(" "))) - (len(run[0]) - len(run[0].lstrip(" ")))
            if not empty and lists:
                written.append("\n")
            written += [first, *(_shifted(line, shift) for line in run[1:])]
            empty = False
            continue
        for line in run:
            item = _ITEM.match(line)
            if item is None:
                if lists and not empty and line.strip() and not line.startswith(" "):
                    written.append(" " * 4 * len(lists) + line)  # a lazy line goes on with the item
                    continue
                if lists and line.strip() and not line.startswith(" "):
                    lists.clear()
                written.append(moved(line))
                empty = not line.strip()
                continue
            indent = len(item["indent"])
            while lists and indent <= lists[-1][0]:
                lists.pop()
            if not lists and not empty and not _in_list(written):
                written.append("\n")
            written.append(" " * 4 * len(lists) + line[indent:])
            lists.append((indent, item.end()))
            empty = False
    return "".join(written)


def _shifted(line: str, by: int) -> str:
    if not line.strip():
        return line
    if by >= 0:
        return " " * by + line
    return line[min(-by, len(line) - len(line.lstrip(" "))) :]


def _in_list(written: list[str]) -> bool:
    """Whether the last thing that stands at the left is an item."""
    for line in reversed(written):
        if line.strip() and not line.startswith(" "):
            return _ITEM.match(line) is not None
    return False
