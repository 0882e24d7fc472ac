"""What became of one requirement, as a line of the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Verdict", "table"]

#: Columns of a requirement, so that lines that are printed one by one stand below each other.
_WIDTH = 38


@dataclass(frozen=True, slots=True)
class Verdict:
    """A requirement, whether it is held, and the figure or the sentence that says so."""

    requirement: str
    held: bool
    figure: str


def table(verdicts: Sequence[Verdict]) -> str:
    """One line each: the requirement, held or not, the figure."""
    width = max(_WIDTH, *(len(verdict.requirement) for verdict in verdicts))
    lines = (
        f"{verdict.requirement:<{width}}  {'held    ' if verdict.held else 'NOT HELD'}  {verdict.figure}"
        for verdict in verdicts
    )
    return "\n".join(lines)
