"""Draws the state diagrams that the pages have in Mermaid's words, so that a browser needs no program for them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .layers import Line, Placed, placed
from .svg import escaped, picture

__all__ = ["ChartError", "state_chart"]

#: Of one letter, of a box beside its word, between layers and between members of one.
_LETTER, _SMALL, _PADDING, _LAYER, _GAP = 8.4, 7.2, 24.0, 38.0, 16.0
_BOX, _DOT = 30.0, 14.0
_START, _END = "[*]", "[*] end"
_STEP = re.compile(r"(?P<start>\[\*\]|\w+) --> (?P<end>\[\*\]|\w+)(?:: (?P<label>.+))?")


class ChartError(ValueError):
    """A diagram is of a kind that is not drawn here."""


def state_chart(text: str, *, name: str) -> str:
    """A `stateDiagram-v2` as SVG. Raises: ChartError for whatever else Mermaid knows."""
    kind, *steps = [line.strip() for line in text.strip().splitlines()]
    if kind != "stateDiagram-v2":
        raise ChartError(f"{kind} is not drawn by scripts/docs_site/state_chart.py: draw an SVG, or a stateDiagram-v2")
    lines: list[Line] = []
    rests: dict[str, str] = {}
    for step in steps:
        found = _STEP.fullmatch(step)
        if found is None:
            raise ChartError(f"{step!r} is not a step as 'before --> after: by what'")
        end = _END if found["end"] == _START else found["end"]
        label = found["label"] or ""
        if found["start"] == end:
            rests[end] = label
        else:
            lines.append(Line(found["start"], end, label))
    names = list(dict.fromkeys(name for line in lines for name in (line.start, line.end)))
    widths = {name: _width(name, rests.get(name, "")) for name in names}
    places = placed(widths, lines, label_width=_SMALL, gap=_GAP)
    return _drawn(places, widths, rests, name)


def _width(name: str, rest: str) -> float:
    if name in (_START, _END):
        return _DOT
    return max(len(name) * _LETTER, (len(rest) + 2) * _SMALL if rest else 0.0) + _PADDING


def _drawn(places: Placed, widths: dict[str, float], rests: dict[str, str], name: str) -> str:
    def y(layer: float) -> float:
        return layer * _LAYER + _BOX

    ways, words = [], []
    doors = _doors(places, widths)
    for number, (line, points, (x, layer)) in enumerate(places.ways):
        trimmed = _trimmed(points, doors[number, 0], doors[number, 1])
        ways.append(f'<path class="line" d="{_curve([(x, y(layer)) for x, layer in trimmed])}"/>')
        if line.label:
            words.append(f'<text class="small halo" x="{x:.1f}" y="{y(layer) + 4:.1f}">{escaped(line.label)}</text>')
    boxes = []
    for state, (x, layer) in places.at.items():
        middle, width = y(layer), widths[state]
        if state in (_START, _END):
            boxes.append(f'<circle class="dot" cx="{x:.1f}" cy="{middle:.1f}" r="6"/>')
            if state == _END:
                boxes.append(f'<circle class="ring" cx="{x:.1f}" cy="{middle:.1f}" r="10"/>')
            continue
        rest = rests.get(state)
        high = _BOX + (14 if rest else 0)
        left, top = x - width / 2, middle - high / 2
        boxes.append(f'<rect class="box" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{high:g}" rx="7"/>')
        boxes.append(f'<text x="{x:.1f}" y="{middle + (-2 if rest else 5):.1f}">{escaped(state)}</text>')
        if rest:
            boxes.append(f'<text class="small" x="{x:.1f}" y="{middle + 14:.1f}">↻ {escaped(rest)}</text>')
    height = y(places.layers - 1) + _BOX
    return picture("".join(ways + boxes + words), places.width + 16, height, f"States: {name}", left=-8)


def _doors(places: Placed, widths: dict[str, float]) -> dict[tuple[int, int], float]:
    """Where each line leaves its first box, and enters its last one: side by side, in the order in which they come."""
    at: dict[tuple[str, bool], list[tuple[float, tuple[int, int]]]] = {}
    for number, (line, points, _) in enumerate(places.ways):
        for end, name, beside, own in ((0, line.start, points[1], points[0]), (1, line.end, points[-2], points[-1])):
            at.setdefault((name, beside[1] > own[1]), []).append((beside[0], (number, end)))
    found = {}
    for (name, _), lines in at.items():
        room = 0.0 if name in (_START, _END) else min(26.0, (widths[name] - 20.0) / len(lines))
        for place, (_, which) in enumerate(sorted(lines)):
            found[which] = places.at[name][0] + (place - (len(lines) - 1) / 2) * room
    return found


def _trimmed(points: Sequence[tuple[float, int]], first_x: float, last_x: float) -> list[tuple[float, float]]:
    """From the door of the first box to that of the last one, in layers."""
    (_, first), *between, (_, last) = points
    edge = (_BOX / 2 + 2) / _LAYER * (1 if last > first else -1)
    return [(first_x, first + edge), *((x, float(layer)) for x, layer in between), (last_x, last - edge * 1.1)]


def _curve(points: Sequence[tuple[float, float]]) -> str:
    """A line through all points that leaves and reaches each of them from above or below."""
    (x, y), *others = points
    drawn = f"M{x:.1f} {y:.1f}"
    for after_x, after_y in others:
        middle = (y + after_y) / 2
        drawn += f"C{x:.1f} {middle:.1f} {after_x:.1f} {middle:.1f} {after_x:.1f} {after_y:.1f}"
        x, y = after_x, after_y
    return drawn
