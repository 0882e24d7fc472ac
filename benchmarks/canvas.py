"""What every picture is drawn on: matplotlib's canvas, so that a file drawn again is the same file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

__all__ = ["new_canvas", "save"]

#: Pixels for each of the inches that a canvas is wide and high, in a PNG.
_DPI = 110


def new_canvas(width: float, height: float, *, text: bool = False) -> Canvas:
    """A canvas, in inches; `text` stays text in an SVG. Raises ImportError without matplotlib, naming the extra."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("the picture needs matplotlib: pip install 'peerbus[plot]'") from error
    # Letters that are drawn no font of a viewer pushes into each other.
    letters = "none" if text else "path"
    mpl.rcParams.update({"svg.fonttype": letters, "svg.hashsalt": "peerbus", "font.size": 9, "axes.titlesize": 10})
    return Figure(figsize=(width, height), layout="constrained")


def save(canvas: Canvas, path: Path) -> None:
    """Write it as `path` says: .svg or .png."""
    canvas.savefig(path, dpi=_DPI, metadata={"Date": None} if path.suffix == ".svg" else None)
