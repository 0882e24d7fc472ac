"""Screens of terminals, drawn: windows beside each other and below each other, as an SVG without fonts of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import pyte

__all__ = ["Window", "svg_of", "window_of"]

#: A character takes this much, in units of the picture.
WIDTH, HEIGHT = 8.4, 19.0
BAR, PADDING, GAP = 30.0, 12.0, 14.0
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
GROUND, FRAME, TEXT, FAINT = "#161b22", "#2d333b", "#e6edf3", "#8b949e"
#: What a terminal calls its colours, on the dark ground of the windows.
COLOURS = {
    "default": TEXT, "brightblack": FAINT, "red": "#ff7b72", "green": "#7ee787", "brown": "#e3b341",
    "blue": "#79c0ff", "magenta": "#d2a8ff", "cyan": "#76e3ea",
}  # fmt: skip


@dataclass(frozen=True)
class Run:
    """Characters of one look, from a column on."""

    column: int
    text: str
    colour: str
    bold: bool


@dataclass(frozen=True)
class Window:
    """A terminal: what stands in its title, and its lines."""

    title: str
    columns: int
    lines: tuple[tuple[Run, ...], ...]


def window_of(title: str, screen: pyte.Screen, *, lines: int | None = None) -> Window:
    """What stands on the screen. `lines`: how many of them, or as many as have text."""
    rows = [tuple(_runs(screen, number)) for number in range(screen.lines)]
    used = max((number + 1 for number, row in enumerate(rows) if row), default=1)
    return Window(title, screen.columns, tuple(rows[: lines or used]))


def _runs(screen: pyte.Screen, number: int) -> Iterator[Run]:
    row = screen.buffer[number]
    last = max((column for column in range(screen.columns) if row[column].data.strip()), default=-1)
    start = 0
    while start <= last:
        first = row[start]
        end = start
        while end <= last and (row[end].fg, row[end].bold) == (first.fg, first.bold):
            end += 1
        text = "".join(row[column].data for column in range(start, end))
        if text.strip():
            yield Run(start, text, COLOURS.get(first.fg, TEXT), first.bold)
        start = end


def svg_of(rows: Sequence[Sequence[Window]], *, said: str) -> str:
    """The windows, each inner list beside each other. `said`: what the picture shows, for who does not see it."""
    parts: list[str] = []
    top = width = 0.0
    for row in rows:
        left = 0.0
        height = max(BAR + 2 * PADDING + HEIGHT * len(window.lines) for window in row)
        for window in row:
            across = 2 * PADDING + WIDTH * window.columns
            parts += _window(window, left, top, across, height)
            left += across + GAP
        width = max(width, left - GAP)
        top += height + GAP
    size = f'viewBox="0 0 {width:.0f} {top - GAP:.0f}" width="{width:.0f}" height="{top - GAP:.0f}"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(said, {chr(34): "&quot;"})}">'
    )
    style = f"<style>text {{ font: 14px {FONT}; white-space: pre; }}</style>"
    return "\n".join([head, f"<title>{escape(said)}</title>", style, *parts, "</svg>", ""])


def _window(window: Window, left: float, top: float, width: float, height: float) -> Iterator[str]:
    yield (
        f'<rect x="{left + 0.5:g}" y="{top + 0.5:g}" width="{width - 1:g}" height="{height - 1:g}" rx="8" '
        f'fill="{GROUND}" stroke="{FRAME}"/>'
    )
    for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        yield f'<circle cx="{left + 18 + 18 * number:g}" cy="{top + BAR / 2 + 2:g}" r="5.5" fill="{colour}"/>'
    yield (
        f'<text x="{left + width / 2:g}" y="{top + BAR / 2 + 7:g}" fill="{FAINT}" text-anchor="middle">'
        f"{escape(window.title)}</text>"
    )
    for number, line in enumerate(window.lines):
        y = top + BAR + PADDING + HEIGHT * (number + 0.72)
        for run in line:
            bold = ' font-weight="700"' if run.bold else ""
            # The length is said, so that columns stand below each other in whatever font there is.
            yield (
                f'<text x="{left + PADDING + WIDTH * run.column:g}" y="{y:g}" fill="{run.colour}"{bold} '
                f'textLength="{WIDTH * len(run.text):g}" lengthAdjust="spacingAndGlyphs" xml:space="preserve">'
                f"{escape(run.text)}</text>"
            )
