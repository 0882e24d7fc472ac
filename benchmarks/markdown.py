"""Fills the generated part of a page with the tables of a run."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from .cases import PEERS, SLOW
from .comparison import Comparison, Result
from .products import PRODUCTS
from .report import SLOW_HEAD, bar_text, digits, figure, head, slow_cells, slow_title
from .results import Results
from .slow import DELAYS, SIZES

__all__ = ["NoMarkers", "fill", "for_peers", "for_run"]


class NoMarkers(Exception):
    """The page has no such part; the text says which markers it needs."""


def fill(page: Path, part: str, text: str) -> None:
    """Put `text` between the markers of `part`. Raises NoMarkers where they are not there, once each and in order."""
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    whole = page.read_text(encoding="utf-8")
    before, found, rest = whole.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise NoMarkers(f"{page} has no lines {begin!r} and {end!r}")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def for_run(results: Results, rows: Sequence[Comparison]) -> str:
    """The tables of `run`, one for each group."""
    lines = _head(results)
    for group, members in groupby(rows, key=lambda row: row.group):
        lines += ["", f"**{group[0].upper()}{group[1:]}**", ""]
        lines += ["| metric | peerbus | baseline | ratio | target |", "| --- | --- | --- | --- | --- |"]
        for row in members:
            result = row.result(results.rounds)
            lines.append(
                f"| {row.name} | {_ours(result, row)} | {_theirs(results, result, row)} | {_ratio(result, row)} |"
            )
    return "\n".join(lines)


def for_peers(results: Results, rows: Sequence[Comparison]) -> str:
    """The tables of `peers`: figure by figure, then behind a slow receiver, then how each was configured."""
    lines = _head(results)
    for group, members in groupby(rows, key=lambda row: row.group):
        listed = list(members)
        ours = next((result for row in listed if (result := row.result(results.rounds)) is not None), None)
        lines += ["", f"**{group[0].upper()}{group[1:]}**: peerbus {_ours(ours, listed[0])}", ""]
        lines += ["| peer | its figure | peerbus / peer | target |", "| --- | --- | --- | --- |"]
        for row in listed:
            result = row.result(results.rounds)
            if result is None:
                lines.append(f"| {row.against} | {results.why(*row.cases)} | | {bar_text(row)} |")
            elif result.baseline is not None:
                lines.append(f"| {row.against} | {_spread(result, row)} | {_ratio(result, row)} |")
    if results.slow:
        for size in SIZES:
            for delay in DELAYS:
                title = slow_title(delay, size)
                lines += ["", f"**{title[0].upper()}{title[1:]}**", "", _row(SLOW_HEAD), _row(["---"] * len(SLOW_HEAD))]
                lines += [_row(slow_cells(results, product, delay, size)) for product in SLOW]
    lines += ["", "How each was configured:", ""]
    for name in dict.fromkeys((*PEERS, *SLOW)):
        lines.append(f"- **{PRODUCTS[name].title}**: {PRODUCTS[name].settings}.")
    return "\n".join(lines)


def _head(results: Results) -> list[str]:
    return [". ".join(line[0].upper() + line[1:] for line in head(results)) + "."]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _ours(result: Result | None, row: Comparison) -> str:
    return "–" if result is None else figure(result.ours.median, row.unit)


def _theirs(results: Results, result: Result | None, row: Comparison) -> str:
    if result is None:
        return f"{row.against}: {results.why(*row.cases)}"
    return row.against if result.baseline is None else f"{row.against}: {figure(result.baseline.median, row.unit)}"


def _spread(result: Result, row: Comparison) -> str:
    assert result.baseline is not None
    low, high = figure(result.baseline.low, row.unit), figure(result.baseline.high, row.unit)
    return f"{figure(result.baseline.median, row.unit)} ({low} – {high})"


def _ratio(result: Result | None, row: Comparison) -> str:
    ratio = (
        ""
        if result is None or result.ratio is None
        else (f"{digits(result.ratio.median)} × ({digits(result.ratio.low)}–{digits(result.ratio.high)})")
    )
    verdict = "" if result is None or result.verdict is None else f", {result.verdict.value}"
    return f"{ratio} | {bar_text(row)}{verdict}"
