"""Where in its life a cell is, and what may follow."""

from __future__ import annotations

from enum import Enum

__all__ = ["TRANSITIONS", "State"]


class State(Enum):
    """Where in its life a cell is."""

    NEW = "new"
    STARTING = "starting"
    RUNNING = "running"
    BACKING_OFF = "backing_off"
    STOPPING = "stopping"
    STOPPED = "stopped"


#: What may follow what.
TRANSITIONS: dict[State, frozenset[State]] = {
    State.NEW: frozenset({State.STARTING, State.STOPPING}),
    State.STARTING: frozenset({State.RUNNING, State.BACKING_OFF, State.STOPPING}),
    State.RUNNING: frozenset({State.BACKING_OFF, State.STOPPING}),
    State.BACKING_OFF: frozenset({State.STARTING, State.STOPPING}),
    State.STOPPING: frozenset({State.STOPPED}),
    State.STOPPED: frozenset(),
}
