"""What one measured process is told: on which event loop it works, and how much of the work it does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Measure", "Run", "installed_loops"]

T = TypeVar("T")

#: Seconds that a send or an ask may take: every one of ours has a deadline, and this one never passes.
DEADLINE = 10.0


@dataclass(frozen=True, slots=True)
class Run:
    """One process of one round. `loop`: `asyncio` or `uvloop`. `scale`: 1 is a full round, less is a quick one."""

    loop: str = "asyncio"
    scale: float = 1.0

    def count(self, full: int) -> int:
        """How many of the `full` operations of a full round to do."""
        return max(64, int(full * self.scale))

    def loop_factory(self) -> Callable[[], asyncio.AbstractEventLoop]:
        """Makes the event loop. Raises ImportError where uvloop is asked for and not installed."""
        if self.loop == "uvloop":
            import uvloop

            return uvloop.new_event_loop
        return asyncio.new_event_loop

    def main(self, work: Coroutine[object, object, T]) -> T:
        """Run `work` to its end on a new event loop."""
        with asyncio.Runner(loop_factory=self.loop_factory()) as runner:
            return runner.run(work)


#: A measured case: does the work of one process, returns its figures by name (seconds, per second, bytes).
Measure = Callable[[Run], Mapping[str, float]]


def installed_loops() -> tuple[str, ...]:
    """The event loops that can be measured here."""
    try:
        import uvloop  # noqa: F401  # only whether it is there
    except ImportError:
        return ("asyncio",)
    return ("asyncio", "uvloop")
