"""Figures as people read them: spans of time, sizes, and counts by reason."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping

from ...actors.base import ConfigError

__all__ = ["by_reason", "many", "positive", "seconds_in", "size", "span", "whole"]

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def span(seconds: float | None, *, short: bool = False) -> str:
    """A span of time: `0.4 ms`, `3.2 s`, `4 min 12 s`, `5 d 1 h`, or where it is to be `short` `4 min`; "" for None."""
    if seconds is None:
        return ""
    if seconds < 0:
        return f"-{span(-seconds, short=short)}"
    if seconds < 1:
        return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, size, less, smaller in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit}" + (f" {rest} {less}" if rest and not short else "")
    return f"{whole} s"


def size(count: int) -> str:
    """A number of bytes: `512 B`, `1.5 KiB`, `12.0 MiB`."""
    if count < 1024:
        return f"{count} B"
    number = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        number /= 1024
        if number < 1024:
            return f"{number:.1f} {unit}"
    return f"{number / 1024:.1f} TiB"


def many(count: int) -> str:
    """A count in at most five letters: `99999`, `123k`, `4.56M`, `1.20G`. `--json` has all of its digits."""
    if abs(count) < 100_000:
        return str(count)
    number, unit = count / 1000, "k"
    for larger in "MGT":
        if round(abs(number)) < 1000:
            break
        number, unit = number / 1000, larger
    return (
        f"{number:.2f}{unit}"
        if abs(number) < 9.995
        else f"{number:.1f}{unit}"
        if abs(number) < 99.95
        else f"{number:.0f}{unit}"
    )


def by_reason(counts: Mapping[str, int]) -> str:
    """Counts by reason, the most first: `3 no_route, 1 peer_gone`."""
    found = sorted(((reason, count) for reason, count in counts.items() if count), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{count} {reason}" for reason, count in found)


def whole(text: str, *, least: int | None = None) -> int:
    """A whole number, `least` or more, of a flag: for `type` of argparse, which names the flag."""
    try:
        number = int(text)
    except ValueError:
        number = None
    if number is None or (least is not None and number < least):
        above = "" if least is None else f", {least} or more"
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number{above}")
    return number


def positive(text: str) -> float:
    """A number above 0, of a flag: for `type` of argparse, which names the flag.

    JSON knows neither infinity nor nan, so what is sent of these would be no number, which may mean: no limit.
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number above 0")
    return number


def seconds_in(flag: str, text: str, *, unit_needed: bool = False) -> float:
    """Read a span: `90`, `1.5s`, `10m`, `2h`, `7d`; plain numbers are seconds, or with `unit_needed` refused.

    Raises ConfigError.
    """
    number = text.strip().rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = text.strip()[len(number) :]
    try:
        seconds = float(number) * _UNITS[unit or "s"]
    except (ValueError, KeyError):
        seconds = math.nan
    if unit_needed and not unit and math.isfinite(seconds):
        raise ConfigError(f"{flag} is {text[:40]!r}: of what? Write its unit, as {number}d for days, or s, m, h, w")
    if not 0 < seconds < math.inf:
        raise ConfigError(f"{flag} is {text[:40]!r}; write a span of time, as 90, 1.5s, 10m, 2h or 7d")
    return seconds
