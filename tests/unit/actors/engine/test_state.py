"""The table of states: every step from each, and that what each step does is written down."""

from __future__ import annotations

from peerbus.actors.engine.life import DOES
from peerbus.actors.engine.state import STEPS, State, Step


def test_every_state_is_reached_and_every_life_can_end() -> None:
    assert set(STEPS) == set(State)
    assert {after for steps in STEPS.values() for after in steps.values()} == set(State) - {State.NEW}
    for state in set(State) - {State.STOPPING, State.STOPPED}:
        assert STEPS[state][Step.STOP] is STEPS[state][Step.KILL] is State.STOPPING
    assert STEPS[State.STOPPING][Step.END] is State.STOPPED
    assert STEPS[State.STOPPED] == {}


def test_every_step_can_be_taken_and_does_something() -> None:
    assert {step for steps in STEPS.values() for step in steps} == set(Step)
    assert set(DOES) == set(Step)
    assert all(DOES.values())
