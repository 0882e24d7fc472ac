"""Numbers as they fit in a column of a screen, and their last values as a line of blocks."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["BLOCKS", "PLAIN_BLOCKS", "bytes_text", "count_text", "seconds_text", "sparkline"]

#: From nothing to the most, for terminals with Unicode, and for others.
BLOCKS, PLAIN_BLOCKS = " ▁▂▃▄▅▆▇█", " .:-=+*#@"
_STEPS = "kMGTP"


def count_text(number: float) -> str:
    """At most five characters: 7, 0.3, 950, 12.3k, 4.56M."""
    if 0 < abs(number) < 10 and not float(number).is_integer():
        return f"{number:.1f}"
    return _stepped(number, 1000)


def bytes_text(number: float) -> str:
    """At most five characters, in steps of 1 024: 950, 12.3k, 4.56M."""
    return _stepped(number, 1024)


def _stepped(number: float, step: int) -> str:
    size, at = abs(number), -1
    while round(size) >= 1000 and at + 1 < len(_STEPS):
        size /= step
        at += 1
    sign = "-" if number < 0 else ""
    if at < 0:
        return f"{sign}{size:.0f}"
    digits = 2 if size < 9.995 else 1 if size < 99.95 else 0
    return f"{sign}{size:.{digits}f}{_STEPS[at]}"


def seconds_text(seconds: float | None) -> str:
    """At most five characters: 0.4ms, 12ms, 3.2s, 75s, 4m, 2h, 3d; nothing for None."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.1f}ms" if seconds < 0.00995 else f"{seconds * 1000:.0f}ms"
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    for size, name in ((1, "s"), (60, "m"), (3_600, "h"), (86_400, "d")):
        if seconds < 100 * size or size == 86_400:
            return f"{seconds / size:.0f}{name}"
    raise AssertionError("unreachable")


def sparkline(values: Sequence[float], width: int, blocks: str = BLOCKS) -> str:
    """The last values, a character each, the newest at the right; the most of them is a full block."""
    if width <= 0:
        return ""
    shown = list(values)[-width:]
    most = max(shown, default=0.0)
    line = "".join(_block(value, most, blocks) for value in shown)
    return line.rjust(width)


def _block(value: float, most: float, blocks: str) -> str:
    if value <= 0 or most <= 0:
        return blocks[0]
    return blocks[max(1, round(value / most * (len(blocks) - 1)))]
