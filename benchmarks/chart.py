"""The picture of both runs: what a reader compares at a glance, each bar with its range."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from .canvas import new_canvas, save
from .cases import PEERS, SLOW, slow_name
from .comparison import Comparison, Figure, Result, Spread
from .products import PRODUCTS
from .report import digits
from .results import Results
from .rows import run_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]

#: Ours, others, the limit below all; chosen to differ in lightness too.
_OURS, _OTHERS, _LIMIT, _BAD = "#c2410c", "#94a3b8", "#475569", "#b91c1c"
#: The slow receiver that the picture shows.
_DELAY, _SIZE = 0.001, 64 << 10


def draw(run: Results | None, peers: Results | None, path: Path) -> None:
    """Draw what there is into `path` (.svg or .png). Raises ImportError without matplotlib, naming the extra."""
    canvas = new_canvas(13, 8.2)
    (local, small, large), (ask, flight, slow) = canvas.subplots(2, 3)
    if run is not None:
        _local(local, run)
    if peers is not None:
        _products(small, peers, "one-way", "one-way, 100 B", 1e3, "thousand messages/s")
        _products(large, peers, "large", "one-way, 64 KiB", 1e6, "MB/s")
        _products(ask, peers, "ask p50", "ask, p50 — less is better", 1e-6, "µs")
        _products(flight, peers, "in flight", "asks, 64 in flight", 1e3, "thousand/s")
        _slow(slow, peers)
    for axes in canvas.axes:
        axes.spines[["top", "right"]].set_visible(False)
        if not axes.has_data():
            axes.set_axis_off()
            axes.text(0.5, 0.5, "not measured", ha="center", transform=axes.transAxes)
    canvas.suptitle("peerbus beside its peers: medians of interleaved runs, whiskers from the lowest to the highest")
    canvas.supxlabel(_caption(run, peers), fontsize=7.5)
    save(canvas, path)


def _local(axes: Axes, run: Results) -> None:
    """Ratios to Pykka, each turned so that more is better, with its target."""
    rows = [row for row in run_rows() if row.against == "Pykka" and row.bar is not None and not row.absolute]
    found = [(row, ratio) for row in rows if (ratio := _ratio(row.result(run.rounds))) is not None]
    if not found:
        return
    names = [_better(row) for row, _ in found]
    spreads = [_turned(ratio) if row.unit == "s" else ratio for row, ratio in found]
    targets = [1 / row.bar.value if row.unit == "s" else row.bar.value for row, _ in found if row.bar is not None]
    beside = [max(spread.high, target) for spread, target in zip(spreads, targets, strict=True)]
    labels = [f"{digits(spread.median)} ×" for spread in spreads]
    _bars(axes, names, spreads, [_OURS] * len(found), labels, beside)
    for place, target in enumerate(targets):
        axes.plot([target, target], [place - 0.45, place + 0.45], color="black", linewidth=1.5)
    axes.axvline(1, color=_LIMIT, linewidth=0.8, linestyle=":")
    axes.set_xscale("log")
    axes.set_xlim(0.5, max(beside) * 4)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("times Pykka (dotted: as fast; black: the target)")
    axes.set_title("in one process, against Pykka", loc="left", fontweight="bold")


def _better(row: Comparison) -> str:
    return f"{row.name} (speed)" if row.unit == "s" else row.name


def _turned(spread: Spread) -> Spread:
    return Spread(1 / spread.median, 1 / spread.high, 1 / spread.low)


def _ratio(result: Result | None) -> Spread | None:
    return None if result is None else result.ratio


def _products(axes: Axes, peers: Results, name: str, title: str, scale: float, unit: str) -> None:
    """One figure of each product."""
    figures = [(product, PRODUCTS[product].title, name) for product in PEERS if not product.startswith("raw")]
    figures.insert(0, ("raw", "raw, a write each", name))
    if name == "one-way":
        figures.insert(0, ("raw", "raw, 64 a write", "one-way joined maps"))
    found = []
    for product, label, measured in figures:
        result = Comparison("", "", "", Figure(product, measured), None, "").result(peers.rounds)
        if result is not None:
            spread = result.ours
            found.append((product, label, Spread(spread.median / scale, spread.low / scale, spread.high / scale)))
    if not found:
        return
    colors = [
        _OURS if product.startswith("peerbus") else _LIMIT if product == "raw" else _OTHERS for product, _, _ in found
    ]
    names = [label for _, label, _ in found]
    spreads = [spread for _, _, spread in found]
    _bars(axes, names, spreads, colors, [digits(spread.median) for spread in spreads])
    axes.set_xlim(0, max(spread.high for spread in spreads) * 1.22)
    axes.set_xlabel(unit)
    axes.set_title(title, loc="left", fontweight="bold")


def _slow(axes: Axes, peers: Results) -> None:
    """Growth of memory behind a slow receiver, and what was lost."""
    names, values, colors, labels = [], [], [], []
    for product in SLOW:
        case = slow_name(product, _DELAY, _SIZE)
        taken = [found[case] for found in peers.slow if case in found]
        if not taken:
            continue
        growth = median(
            found["sender growth"] + (found["receiver growth"] if product != "pykka" else 0)
            + found.get("between growth", 0) for found in taken
        ) / (1 << 20)  # fmt: skip
        lost = median(found["lost"] / max(1, found["sent"]) for found in taken)
        stopped = any("stopped" in found for found in taken)
        names.append(PRODUCTS[product].title)
        values.append(Spread(growth, growth, growth))
        colors.append(_OURS if product.startswith("peerbus") else _OTHERS)
        labels.append(f"{'> ' if stopped else ''}{growth:.0f}" + (f", {lost:.0%} lost silently" if lost > 0 else ""))
    if not names:
        return
    _bars(axes, names, values, colors, labels)
    axes.set_xscale("symlog", linthresh=10)
    axes.set_xlim(0, max(value.high for value in values) * 60)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("MiB of growth — less is better")
    axes.set_title("slow receiver: 1 ms, 64 KiB", loc="left", fontweight="bold")


def _bars(
    axes: Axes,
    names: Sequence[str],
    spreads: Sequence[Spread],
    colors: Sequence[str],
    labels: Sequence[str],
    beside: Sequence[float] | None = None,
) -> None:
    places = range(len(names))
    below = [spread.median - spread.low for spread in spreads]
    above = [spread.high - spread.median for spread in spreads]
    axes.barh(
        places, [spread.median for spread in spreads], color=colors, height=0.68,
        xerr=(below, above) if any(below) or any(above) else None, error_kw={"elinewidth": 0.8, "capsize": 2},
    )  # fmt: skip
    ends = beside or [spread.high for spread in spreads]
    for place, end, label in zip(places, ends, labels, strict=True):
        axes.annotate(label, (end, place), (4, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_yticks(places, names)
    axes.invert_yaxis()


def _caption(run: Results | None, peers: Results | None) -> str:
    lines = []
    for title, results in (("left, above", run), ("the others", peers)):
        if results is None:
            continue
        foreign = results.foreign()
        machine = results.machine
        lines.append(
            f"{title}: {results.started}, {machine['processors']} × {machine['processor']}, {machine['python']}, "
            f"{len(results.rounds)} round{'' if len(results.rounds) == 1 else 's'}"
            + (f", others kept {median(foreign):.2f} processors busy (median)" if foreign else "")
        )
    lines.append(
        "peerbus: deadlines, credit, accounting, validated types on; plain TCP, but TLS behind the slow receiver"
    )
    return "\n".join(lines)
