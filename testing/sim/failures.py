"""What a simulation fails with; all of it is an AssertionError, so a test runner reports it as a failed test.

SimulationFailed
├── Deadlocked       nothing is runnable and no timer is set
├── NotReached       a condition did not come true in time
├── EscapedSimulation something reached for the real clock, a thread, a socket or unseeded chance
└── LeftBehind       a task or a timer is left when everything has been stopped
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...actors.base import HelpNotes, help_of

__all__ = ["Deadlocked", "EscapedSimulation", "LeftBehind", "NotReached", "SimulationFailed"]


class SimulationFailed(AssertionError):
    """The root of what a simulation fails with. Its traceback ends with `help`, the place that says what to do."""

    if not TYPE_CHECKING:
        __notes__ = HelpNotes()

    @property
    def help(self) -> str:
        """As that of a PeerbusError."""
        return help_of(self)


class Deadlocked(SimulationFailed):
    """Nothing is runnable and no timer is set: what is awaited will never come. The text lists what waits where."""


class NotReached(SimulationFailed):
    """A condition did not come true within its time."""


class EscapedSimulation(SimulationFailed):
    """Code in a simulation reached for something that no seed decides. The text names it and its caller."""


class LeftBehind(SimulationFailed):
    """Something still lives when everything has been stopped."""
