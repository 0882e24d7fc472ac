"""All that is measured, and as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import scenario
from .scenario import Burst, Curve

__all__ = ["Figures", "as_text", "measure"]

_WINDOWS = (1, 4, 16, 64, 256, 1024, 4096)
_PRIORITIES = (1, 2, 5, 10, 25, 60, 255)
_TIMEOUTS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Figures:
    """The curves, by the setting."""

    windows: list[Curve]
    held: list[Curve]
    priorities: list[Curve]
    mailboxes: list[Curve]
    bursts: list[Burst]
    timeouts: list[Curve]


def measure(say: Callable[[str], object], seconds: float = 5.0) -> Figures:
    """Measure it all, `seconds` of virtual time for each point of the fast ones; `say` hears how far it is."""
    say("windows")
    windows = scenario.windows(_WINDOWS, (0.001, 0.02, 0.1), seconds)
    held = scenario.windows_held(_WINDOWS, seconds)
    say("priorities")
    priorities = scenario.priorities(_PRIORITIES, seconds)
    say("mailboxes")
    mailboxes = scenario.mailboxes(_WINDOWS[:-1], 10 * seconds)
    bursts = scenario.overflows(200, 64)
    say("timeouts")
    return Figures(windows, held, priorities, mailboxes, bursts, scenario.timeouts(_TIMEOUTS, 4 * seconds))


def as_text(figures: Figures) -> str:
    """The table."""
    return "\n".join(_lines(figures))


def _lines(figures: Figures) -> Iterator[str]:
    for title, curves in (
        ("window: tells a second", figures.windows),
        ("window: messages held for a stuck reactor", figures.held),
        ("priority: % of a full connection beside a channel of priority 5", figures.priorities),
        ("mailbox: seconds that a message is old when it is handled, at twice the load", figures.mailboxes),
        ("timeout: asks, ten times what can be served", figures.timeouts),
    ):
        yield title
        yield "".join([" " * 36, *(f"{value:>10g}" for value in curves[0].values)])
        for curve in curves:
            yield "".join([f"  {curve.name:<34}", *(f"{result:>10.4g}" for result in curve.results)])
        yield ""
    yield "overflow: a burst into a mailbox of 64"
    for burst in figures.bursts:
        handled = burst.handled
        yield (
            f"  {burst.overflow:<12} {len(handled)} of {burst.sent} handled, numbers {min(handled)} to {max(handled)}, "
            f"the last after {burst.seconds:.2f} s"
        )
