"""Where in its life a cell is, and every step from there; `life.DOES` says what each step does."""

from __future__ import annotations

from enum import Enum

__all__ = ["STEPS", "State", "Step"]


class State(Enum):
    """Where in its life a cell is."""

    __hash__ = object.__hash__  # each is the only one of its name; Enum's own is written in Python, 0.2 us

    NEW = "new"
    STARTING = "starting"
    RUNNING = "running"
    BACKING_OFF = "backing_off"
    STOPPING = "stopping"
    STOPPED = "stopped"


class Step(Enum):
    """What takes it further."""

    __hash__ = object.__hash__

    BEGIN = "begin"
    """Its turn has come for the first time."""
    START = "start"
    """Its hooks have run for the first time: it takes messages."""
    RESTART = "restart"
    """Those of an actor that was made anew have."""
    FAIL = "fail"
    """It has failed, and is to be made anew."""
    REBUILD = "rebuild"
    """The backoff is over, and so are its children and handlers."""
    STOP = "stop"
    """It is to end in order."""
    KILL = "kill"
    """It is to end without what is queued, or has failed."""
    HASTEN = "hasten"
    """It was to end in order, and is killed now."""
    END = "end"
    """Its children, handlers and hooks have ended."""


#: From each state, the steps that may be taken, and where each leads.
STEPS: dict[State, dict[Step, State]] = {
    State.NEW: {
        Step.BEGIN: State.STARTING,
        Step.STOP: State.STOPPING,
        Step.KILL: State.STOPPING,
    },
    State.STARTING: {
        Step.START: State.RUNNING,
        Step.RESTART: State.RUNNING,
        Step.FAIL: State.BACKING_OFF,
        Step.STOP: State.STOPPING,
        Step.KILL: State.STOPPING,
    },
    State.RUNNING: {
        Step.FAIL: State.BACKING_OFF,
        Step.STOP: State.STOPPING,
        Step.KILL: State.STOPPING,
    },
    State.BACKING_OFF: {
        Step.REBUILD: State.STARTING,
        Step.STOP: State.STOPPING,
        Step.KILL: State.STOPPING,
    },
    State.STOPPING: {
        Step.HASTEN: State.STOPPING,
        Step.END: State.STOPPED,
    },
    State.STOPPED: {},
}
