"""The figures as a picture: PNG for pages, SVG for zooming. Needs the extra `plot`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..canvas import new_canvas, save
from .scenario import START_OVER, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot"]


def plot(results: Sequence[Result], facts: Mapping[str, str], folder: Path) -> None:
    """Write simulation.png and simulation.svg. Raises ImportError without matplotlib, naming the extra."""
    figure = new_canvas(11, 8, text=True)
    axes = figure.subplots(2, 2)
    largest = max(results, key=lambda result: result.nodes)
    figure.suptitle(f"peerbus, whole nodes in one process on virtual time (largest run: {largest.nodes} nodes)")
    _course(axes[0, 0], largest)
    nodes = [result.nodes for result in results]
    _sizes(axes[0, 1], nodes, "memory per node", "MiB", {"resident": [result.bytes / 2**20 for result in results]})
    _sizes(
        axes[1, 0], nodes, "events per second of processor time", "events/s",
        {
            "while they start and connect": [result.events / result.cpu for result in results],
            "quiet minute (heartbeats only)": [result.quiet_events / result.quiet_cpu for result in results],
        },
    )  # fmt: skip
    _sizes(
        axes[1, 1], nodes, "processor time of a run", "seconds",
        {
            "35 virtual seconds of starting and connecting": [result.cpu for result in results],
            "60 virtual seconds of quiet": [result.quiet_cpu for result in results],
        },
        log=True,
    )  # fmt: skip
    figure.supxlabel(
        f"{facts['processors']} × {facts['processor']}, {facts['python']}; others kept busy: "
        f"{facts.get('others kept busy', 'unknown')}", fontsize=8, color="0.4",
    )  # fmt: skip
    save(figure, folder / "simulation.png")
    save(figure, folder / "simulation.svg")


def _course(axes: Axes, result: Result) -> None:
    early = [point for point in result.points if point.time <= START_OVER + 10]
    times = [point.time for point in early]
    for name, style, counts in (
        ("are running", ":", [point.started for point in early]),
        ("know a peer for every role", "-", [point.know for point in early]),
        ("reach every role by a connection", "--", [point.reach for point in early]),
    ):
        axes.plot(times, [100 * count / result.nodes for count in counts], style, label=name)
    axes.set(title=f"course of {result.nodes} nodes", xlabel="virtual seconds", ylabel="% of nodes", ylim=(0, 103))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)


def _sizes(
    axes: Axes, nodes: Sequence[int], title: str, unit: str, lines: Mapping[str, Sequence[float]], *, log: bool = False
) -> None:
    for (name, values), style in zip(lines.items(), ("o-", "s--"), strict=False):
        axes.plot(nodes, values, style, label=name)
    axes.set(title=title, xlabel="nodes", ylabel=unit, xscale="log")
    if log:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.set_xticks(nodes, [str(number) for number in nodes])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
