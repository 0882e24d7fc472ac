"""The report for people: tables of text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from statistics import median

from .cases import SLOW, slow_name
from .comparison import Bar, Comparison, Measured, Result, Spread
from .products import PRODUCTS
from .results import Results
from .slow import DELAYS, SIZES

__all__ = ["SLOW_HEAD", "as_text", "bar_text", "digits", "figure", "head", "slow_cells", "slow_title"]

_HEAD = ("metric", "peerbus", "baseline", "", "ratio", "range", "target", "verdict")
SLOW_HEAD = ("product", "sent", "failed", "delivered", "lost", "sender", "receiver", "recovered", "")
#: Units of time and of size, the largest first, with how many decimals of each are worth showing.
_TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_THOUSANDS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def figure(value: float, unit: str) -> str:
    """A figure with its unit, three digits of it."""
    if unit == "s":
        scale, name = next((pair for pair in _TIMES if value >= pair[0]), _TIMES[-1])
        return f"{digits(value / scale)} {name}"
    if unit == "B":
        return f"{digits(value / 1024)} KiB"
    scale, name = next((pair for pair in _THOUSANDS if value >= pair[0]), (1.0, ""))
    return f"{digits(value / scale)} {name}{unit}"


def digits(value: float) -> str:
    """Three digits, at least those before the point; of what is very small, two."""
    if 0 < value < 0.0995:
        return f"{value:.2g}" if value >= 0.0001 else f"{value:.0e}"
    return f"{value:.0f}" if value >= 99.95 else f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def bar_text(row: Comparison) -> str:
    """Where the ratio, or our own figure, should be."""
    bar: Bar | None = row.bar
    if bar is None:
        return ""
    return f"{bar.sense.value} {figure(bar.value, row.unit)}" if row.absolute else f"{bar} ×"


def head(results: Results) -> list[str]:
    """What a reader needs to judge the figures, a line each."""
    machine = results.machine
    lines = [
        f"{machine['processors']} × {machine['processor']}, {machine['system']}, {machine['python']}; "
        + ", ".join(f"{name} {value}" for name, value in results.versions.items()),
        f"{results.started}; {_rounds(results)} of fresh processes; medians (lowest – highest); "
        "a ratio is taken within each round, then the median",
    ]
    foreign = results.foreign()
    if foreign:
        lines.append(
            f"meanwhile others kept {median(foreign):.2f} processors busy (median; {max(foreign):.2f} at most)"
        )
    if not results.complete:
        lines.append("the run was not finished")
    return lines


def _rounds(results: Results) -> str:
    number = len(results.rounds)
    return f"{number} interleaved round{'' if number == 1 else 's'}"


def as_text(results: Results, rows: Sequence[Comparison]) -> str:
    """The tables, with what a reader needs to judge them."""
    lines = head(results)
    cells = [(row, row.result(results.rounds)) for row in rows]
    table = [_HEAD, *(_cells(results, row, result) for row, result in cells)]
    position = 1
    widths = _widths(table)
    for group, members in groupby(rows, key=lambda row: row.group):
        lines += ["", group, _line(_HEAD, widths)]
        for _ in members:
            lines.append(_line(table[position], widths))
            position += 1
    verdicts = [result.verdict.value for _, result in cells if result is not None and result.verdict is not None]
    if verdicts:
        counts = {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)}
        lines += ["", "targets: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items())]
    if results.slow:
        lines += _slow(results)
    return "\n".join(lines)


def _cells(results: Results, row: Comparison, result: Result | None) -> tuple[str, ...]:
    if result is None:
        return (row.name, "–", "–", row.against, "", "", bar_text(row), results.why(*row.cases))
    baseline, ratio = result.baseline, result.ratio
    return (
        row.name,
        _with_range(result.ours, row.unit),
        "" if baseline is None else _with_range(baseline, row.unit),
        row.against,
        "" if ratio is None else f"{digits(ratio.median)} ×",
        "" if ratio is None else f"{digits(ratio.low)}–{digits(ratio.high)}",
        bar_text(row),
        "" if result.verdict is None else result.verdict.value,
    )


def _slow(results: Results) -> list[str]:
    lines = []
    for size in SIZES:
        for delay in DELAYS:
            wanted = [product for product in SLOW if results.asked(slow_name(product, delay, size))]
            if not wanted:
                continue
            table = [SLOW_HEAD, *(slow_cells(results, product, delay, size) for product in wanted)]
            widths = _widths(table)
            lines += ["", slow_title(delay, size), *(_line(line, widths) for line in table)]
    return lines


def slow_title(delay: float, size: int) -> str:
    """What the table behind a slow receiver is about."""
    return f"a receiver that takes {delay * 1000:g} ms for each message of {size >> 10} KiB"


def slow_cells(results: Results, product: str, delay: float, size: int) -> tuple[str, ...]:
    """A line of that table: sent, failed, delivered, lost, growth of memory, seconds to recover, remarks."""
    name = slow_name(product, delay, size)
    taken = [found[name] for found in results.slow if name in found]
    title = PRODUCTS[product].title
    if not taken:
        return (title, "", "", "", "", "", "", "", results.why(name))
    found = _middle(taken)
    remarks = []
    if "stopped" in found:
        remarks.append(f"sender stopped after {found['stopped']:.1f} s: memory")
    if "between growth" in found:
        remarks.append(f"broker +{found['between growth'] / (1 << 20):.0f} MiB")
    if "beside p50" in found:
        remarks.append(
            f"another channel: p50 {figure(found['beside p50'], 's')} (idle {figure(found['quiet p50'], 's')}), "
            f"p99 {figure(found['beside p99'], 's')} (idle {figure(found['quiet p99'], 's')})"
        )
    return (
        title,
        *(f"{found[key]:,.0f}".replace(",", " ") for key in ("sent", "failed", "delivered", "lost")),
        *(f"+{found[f'{key} growth'] / (1 << 20):.0f} MiB" for key in ("sender", "receiver")),
        f"{max(0.0, found['recovery']):.1f} s" if "recovery" in found else "–" if "stopped" in found else "> 2 s",
        "; ".join(remarks),
    )


def _middle(taken: Sequence[Measured]) -> Measured:
    """The round with the middle number of lost messages: its figures belong together."""
    return sorted(taken, key=lambda found: (found["lost"], found["failed"]))[len(taken) // 2]


def _with_range(spread: Spread, unit: str) -> str:
    return f"{figure(spread.median, unit)} ({figure(spread.low, unit)} – {figure(spread.high, unit)})"


def _widths(table: Sequence[Sequence[str]]) -> list[int]:
    return [max(len(line[column]) for line in table) for column in range(len(table[0]))]


def _line(cells: Iterable[str], widths: Sequence[int]) -> str:
    return "  " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
