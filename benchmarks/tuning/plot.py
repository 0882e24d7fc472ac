"""The curves as a picture: PNG for pages, SVG for zooming. Needs the extra `plot`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..canvas import new_canvas, save
from .figures import Figures
from .scenario import Burst, Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot"]

_STYLES = ("o-", "s--", "^:")


def plot(figures: Figures, folder: Path) -> None:
    """Write tuning.png and tuning.svg. Raises ImportError without matplotlib, naming the extra."""
    canvas = new_canvas(13, 7.5, text=True)
    axes = canvas.subplots(2, 3)
    canvas.suptitle("What each setting of a channel does under load (virtual time: the same in every run)")
    _curves(axes[0, 0], figures.windows, "window: what one sender gets through", "window, messages", "tells a second")
    axes[0, 0].set_yscale("log")
    _curves(
        axes[0, 1], figures.held, "window: what a stuck reactor lets its node hold", "window, messages",
        "messages held",
    )  # fmt: skip
    axes[0, 1].set_yscale("log")
    _curves(axes[0, 2], figures.priorities, "priority: its part of a full connection, beside one of 5", "priority", "%")
    axes[0, 2].set_ylim(0, 100)
    _curves(
        axes[1, 0], figures.mailboxes, "mailbox: how old what is handled is, at twice the load", "mailbox, messages",
        "seconds",
    )  # fmt: skip
    axes[1, 0].set_yscale("log")
    _bursts(axes[1, 1], figures.bursts)
    _timeouts(axes[1, 2], figures.timeouts)
    for kind in ("png", "svg"):
        save(canvas, folder / f"tuning.{kind}")


def _curves(axes: Axes, curves: Sequence[Curve], title: str, what: str, unit: str) -> None:
    for curve, style in zip(curves, _STYLES, strict=False):
        axes.plot(curve.values, curve.results, style, label=curve.name, markersize=4)
    axes.set(title=title, xlabel=what, ylabel=unit, xscale="log")
    _ticks(axes, curves[0].values)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)


def _ticks(axes: Axes, values: Sequence[float]) -> None:
    axes.set_xticks(values, [f"{value:g}" for value in values])
    axes.minorticks_off()


def _bursts(axes: Axes, bursts: Sequence[Burst]) -> None:
    for row, burst in enumerate(bursts):
        handled = set(burst.handled)
        axes.barh(row, burst.sent, color="0.88", height=0.6)
        for first, count in _runs(sorted(handled)):
            axes.barh(row, max(count, 2), left=min(first, burst.sent - max(count, 2)), height=0.6, color="tab:blue")
        said = f"{len(handled)} of {burst.sent} handled, after {burst.seconds:.1f} s"
        axes.text(burst.sent / 2, row - 0.42, said, ha="center", va="center", fontsize=8)
    axes.set(
        title="overflow: which messages of a burst are handled, mailbox 64", xlabel="message, in the order of sending"
    )
    axes.set_yticks(range(len(bursts)), [burst.overflow for burst in bursts])
    axes.set_ylim(len(bursts) - 0.5, -0.65)


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """First and length of each run of numbers without a gap."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == sum(runs[-1]):
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((number, 1))
    return runs


def _timeouts(axes: Axes, curves: Sequence[Curve]) -> None:
    answered, took = curves
    axes.plot(answered.values, answered.results, "o-", label=answered.name, markersize=4)
    axes.set(title="timeout: asks, ten times what can be served", xlabel="timeout, seconds", xscale="log", ylabel="%")
    axes.set_ylim(0, 105)
    _ticks(axes, answered.values)
    axes.grid(alpha=0.3)
    other = axes.twinx()
    other.plot(took.values, took.results, "s--", color="tab:orange", label=took.name, markersize=4)
    other.set(ylabel="seconds", yscale="log")
    lines = [*axes.get_lines(), *other.get_lines()]
    axes.legend(handles=lines, fontsize=8, loc="lower right")
