"""The table of a peer's life."""

from __future__ import annotations

import pytest

from peerbus.discovery.peer.lifecycle import LINKED, TRANSITIONS, UP, PeerState, PeerStep, next_state


def test_every_state_is_in_the_table_and_can_be_reached_and_left() -> None:
    assert set(TRANSITIONS) == set(PeerState)
    reached = {target for steps in TRANSITIONS.values() for target in steps.values()}
    assert reached == set(PeerState)
    for state, steps in TRANSITIONS.items():
        assert set(steps.values()) - {state}


def test_every_step_is_used() -> None:
    assert {step for steps in TRANSITIONS.values() for step in steps} == set(PeerStep)


@pytest.mark.parametrize("state", list(PeerState))
@pytest.mark.parametrize("step", list(PeerStep))
def test_the_door_follows_the_table_and_refuses_everything_else(state: PeerState, step: PeerStep) -> None:
    if step in TRANSITIONS[state]:
        assert next_state(state, step) is TRANSITIONS[state][step]
    else:
        with pytest.raises(RuntimeError, match=f"{state.value} cannot take the step {step.value}"):
            next_state(state, step)


def test_only_what_was_accepted_holds_a_slot_and_only_what_was_ready_is_up() -> None:
    for state, steps in TRANSITIONS.items():
        for step, target in steps.items():
            if step is PeerStep.ADMIT:
                assert target in LINKED
            if target in UP and state not in UP:
                assert step is PeerStep.READY
            if step in {PeerStep.LOSE, PeerStep.LOSE_DIALING}:
                assert state in LINKED
                assert target not in LINKED


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[PeerState.IDLE] = {}  # type: ignore[index]  # that is the test
