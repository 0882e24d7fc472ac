"""What `--help` says, in lines that a terminal has room for."""

# Law 1. Where all lines fit they stay as they were written.
# Law 2. Prose, which begins at the margin, flows. Of what is indented the second column does; the first is what one
# copies, and never broken.

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterator

__all__ = ["HelpText"]

#: What the second column has at least; where less is left it stands below the first.
LEAST = 20
_TWO_COLUMNS = re.compile(r"(?P<first> +\S.*?)(?P<gap> {2,})(?P<second>\S.*)")


class HelpText(argparse.RawDescriptionHelpFormatter):
    """See the module."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = super()._fill_text(text, width, indent).splitlines()
        return "\n".join(lines if all(len(line) <= width for line in lines) else _flowed(lines, width))


def _flowed(lines: list[str], width: int) -> Iterator[str]:
    prose: list[str] = []
    for line in [*lines, ""]:
        if line and not line[0].isspace():
            prose.append(line)
            continue
        yield from _wrapped(" ".join(prose), width)
        prose = []
        yield from [line] if len(line) <= width else _columns(line, width)


def _columns(line: str, width: int) -> list[str]:
    columns = _TWO_COLUMNS.fullmatch(line)
    if columns is None:
        return [line]
    first, gap, second = columns.groups()
    comment = "# " if second.startswith("# ") else ""  # of a configuration, whose next line is one as well
    at = len(first) + len(gap)
    if width - at >= LEAST:
        return _wrapped(second, width, first=first + gap, others=" " * at + comment)
    below = " " * (len(first) - len(first.lstrip()) + 4)
    return [first, *_wrapped(second, width, first=below, others=below + comment)]


def _wrapped(text: str, width: int, *, first: str = "", others: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
