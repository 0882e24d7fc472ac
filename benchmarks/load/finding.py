"""One figure of a measurement, with the bound that it has to keep."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding", "at_least", "at_most", "exactly", "plain"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`bound` is text for people; `kept` is None where nothing was promised."""

    name: str
    value: float
    unit: str = ""
    bound: str = ""
    kept: bool | None = None


def plain(name: str, value: float, unit: str = "") -> Finding:
    """A figure that nothing was promised about."""
    return Finding(name, value, unit)


def at_most(name: str, value: float, bound: float, unit: str = "") -> Finding:
    """A figure that shall not be above `bound`."""
    return Finding(name, value, unit, f"≤ {bound:g}", value <= bound)


def at_least(name: str, value: float, bound: float, unit: str = "") -> Finding:
    """A figure that shall not be below `bound`."""
    return Finding(name, value, unit, f"≥ {bound:g}", value >= bound)


def exactly(name: str, value: float, bound: float, unit: str = "") -> Finding:
    """A figure that shall be `bound`."""
    return Finding(name, value, unit, f"= {bound:g}", value == bound)
