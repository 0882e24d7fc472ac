"""The report: a table for people, one JSON object for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from statistics import median

from .comparison import Comparison, Result, Spread
from .rounds import Outcome

__all__ = ["as_json", "as_text", "figure"]

_HEAD = ("metric", "peerbus", "baseline", "", "ratio", "range", "bar", "verdict")
#: Units of time and of size, the largest first, with how many decimals of each are worth showing.
_TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_THOUSANDS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def figure(value: float, unit: str) -> str:
    """A figure with its unit, three digits of it."""
    if unit == "s":
        scale, name = next((pair for pair in _TIMES if value >= pair[0]), _TIMES[-1])
        return f"{_digits(value / scale)} {name}"
    if unit == "B":
        return f"{_digits(value / 1024)} KiB"
    scale, name = next((pair for pair in _THOUSANDS if value >= pair[0]), (1.0, ""))
    return f"{_digits(value / scale)} {name}{unit}"


def _digits(value: float) -> str:
    return f"{value:.0f}" if value >= 99.95 else f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def as_text(
    outcome: Outcome, rows: Sequence[Comparison], machine: Mapping[str, str], versions: Mapping[str, str]
) -> str:
    """The table, with what a reader needs to judge it."""
    lines = [
        f"{machine['processors']} × {machine['processor']}, {machine['system']}, {machine['python']}; "
        + ", ".join(f"{name} {value}" for name, value in versions.items()),
        f"medians over {len(outcome.rounds)} interleaved rounds of fresh processes, with the lowest and highest; "
        "ratios are taken round by round",
    ]
    if outcome.foreign:
        lines.append(
            f"meanwhile others kept {median(outcome.foreign):.2f} processors busy (median; "
            f"{max(outcome.foreign):.2f} at most)"
        )
    cells = [(row, row.result(outcome.rounds)) for row in rows]
    table = [_HEAD, *(_cells(row, result) for row, result in cells)]
    widths = [max(len(line[column]) for line in table) for column in range(len(_HEAD))]
    position = 1
    for group, members in groupby(rows, key=lambda row: row.group):
        lines += ["", group, _line(_HEAD, widths)]
        for _ in members:
            lines.append(_line(table[position], widths))
            position += 1
    verdicts = [result.verdict.value for _, result in cells if result is not None and result.verdict is not None]
    if verdicts:
        counts = {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)}
        lines += ["", "bars: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items())]
    return "\n".join(lines)


def _cells(row: Comparison, result: Result | None) -> tuple[str, ...]:
    if result is None:
        return (row.name, "crashed", "", row.against, "", "", "" if row.bar is None else str(row.bar), "")
    return (
        row.name,
        _with_range(result.ours, row.unit),
        _with_range(result.baseline, row.unit),
        row.against,
        f"{_digits(result.ratio.median)} ×",
        f"{_digits(result.ratio.low)}–{_digits(result.ratio.high)}",
        "" if row.bar is None else str(row.bar),
        "" if result.verdict is None else result.verdict.value,
    )


def _with_range(spread: Spread, unit: str) -> str:
    return f"{figure(spread.median, unit)} ({figure(spread.low, unit)} – {figure(spread.high, unit)})"


def _line(cells: Iterable[str], widths: Sequence[int]) -> str:
    return "  " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def as_json(
    outcome: Outcome, rows: Sequence[Comparison], machine: Mapping[str, str], versions: Mapping[str, str]
) -> dict[str, object]:
    """Everything that was measured. Units: seconds, per second, bytes."""
    return {
        "machine": dict(machine),
        "versions": dict(versions),
        "foreign_load": outcome.foreign,
        "comparisons": [_comparison(row, row.result(outcome.rounds)) for row in rows],
        "rounds": outcome.rounds,
        "crashes": outcome.crashes,
    }


def _comparison(row: Comparison, result: Result | None) -> dict[str, object]:
    return {
        "group": row.group,
        "name": row.name,
        "unit": row.unit,
        "against": row.against,
        "bar": None if row.bar is None else {"sense": row.bar.sense.value, "value": row.bar.value},
        "verdict": None if result is None or result.verdict is None else result.verdict.value,
        **{
            name: None if spread is None else asdict(spread)
            for name, spread in (
                ("ours", result and result.ours),
                ("baseline", result and result.baseline),
                ("ratio", result and result.ratio),
            )
        },
    }
