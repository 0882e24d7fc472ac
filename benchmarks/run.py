"""What one measuring process is told: on which event loop it works, and for how long it measures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["DEADLINE", "SECONDS", "Measure", "Run", "installed_loops"]

T = TypeVar("T")

#: Seconds that a send or an ask may take: every one of ours has a deadline, and this one never passes.
DEADLINE = 10.0
#: Seconds of a measurement, where nothing else is said.
SECONDS = 0.4
#: Part of a measurement's time that the same work takes before it, unmeasured.
WARM_UP = 0.25


@dataclass(frozen=True, slots=True)
class Run:
    """One process of one round. `loop`: `asyncio` or `uvloop`. `seconds`: how long each of its measurements sends."""

    loop: str = "asyncio"
    seconds: float = SECONDS

    @property
    def warm_up(self) -> float:
        """Seconds of the same work before a measurement."""
        return self.seconds * WARM_UP

    def loop_factory(self) -> Callable[[], asyncio.AbstractEventLoop]:
        """Makes the event loop. Raises ImportError where uvloop is asked for and not installed."""
        if self.loop == "uvloop":
            import uvloop

            return uvloop.new_event_loop
        return asyncio.new_event_loop

    def runner(self) -> asyncio.Runner:
        """A runner of that event loop, for work in several steps."""
        return asyncio.Runner(loop_factory=self.loop_factory())

    def main(self, work: Coroutine[object, object, T]) -> T:
        """Run `work` to its end on a new event loop."""
        with self.runner() as runner:
            return runner.run(work)


#: A measured case: does the work of one process, returns its figures by name (seconds, per second, bytes).
Measure = Callable[[Run], Mapping[str, float]]


def installed_loops() -> tuple[str, ...]:
    """The event loops that can be measured here, the one that a node takes if it can being the first."""
    try:
        import uvloop  # noqa: F401  # only whether it is there
    except ImportError:
        return ("asyncio",)
    return ("uvloop", "asyncio")
