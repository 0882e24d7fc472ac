"""The table of states: what may follow what."""

from __future__ import annotations

from peerbus.actors.engine.state import TRANSITIONS, State


def test_every_state_is_reached_and_every_life_can_end() -> None:
    assert set(TRANSITIONS) == set(State)
    assert set().union(*TRANSITIONS.values()) == set(State) - {State.NEW}
    for state in set(State) - {State.STOPPED}:
        assert State.STOPPING in TRANSITIONS[state] or state is State.STOPPING
    assert TRANSITIONS[State.STOPPING] == {State.STOPPED}
    assert TRANSITIONS[State.STOPPED] == frozenset()
