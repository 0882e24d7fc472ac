"""The few shapes that the pictures of the pages are made of."""

from __future__ import annotations

from .svg import escaped

__all__ = ["arrow", "box", "group", "note", "queue", "words"]


def words(x: float, y: float, text: str, kind: str = "") -> str:
    """One line of text; `kind`: the classes of svg.py."""
    return (
        f'<text class="{kind}" x="{x:g}" y="{y:g}">{escaped(text)}</text>'
        if kind
        else f'<text x="{x:g}" y="{y:g}">{escaped(text)}</text>'
    )


def box(x: float, y: float, width: float, height: float, title: str, *lines: str) -> str:
    """Something with a name, and small words below it, both in its middle."""
    middle, first = x + width / 2, y + height / 2 + 5 - 8 * len(lines)
    text = words(middle, first, title, "strong")
    text += "".join(words(middle, first + 17 * (number + 1), line, "small") for number, line in enumerate(lines))
    return f'<rect class="box" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="8"/>{text}'


def queue(x: float, y: float, width: float, height: float, title: str, *lines: str) -> str:
    """A box with slots at its right: something that waits there."""
    slots = "".join(
        f'<path class="bare" d="M{x + width - 9 * (number + 1):g} {y + 4:g}v{height - 8:g}"/>' for number in range(3)
    )
    middle, first = x + (width - 27) / 2, y + height / 2 + 5 - 8 * len(lines)
    text = words(middle, first, title, "strong")
    text += "".join(words(middle, first + 17 * (number + 1), line, "small") for number, line in enumerate(lines))
    return f'<rect class="box" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="8"/>{slots}{text}'


def group(x: float, y: float, width: float, height: float, title: str) -> str:
    """What belongs together: a node, a process."""
    return (
        f'<rect class="group" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="14"/>'
        f"{words(x + 14, y + 22, title, 'strong left')}"
    )


def arrow(*points: tuple[float, float], kind: str = "line") -> str:
    """A line over these points; `kind` with `accent` for the way that the picture is about."""
    return f'<path class="{kind}" d="M{"L".join(f"{x:g} {y:g}" for x, y in points)}"/>'


def note(x: float, y: float, *lines: str) -> str:
    """Small words below each other."""
    return "".join(words(x, y + 16 * number, line, "small") for number, line in enumerate(lines))
