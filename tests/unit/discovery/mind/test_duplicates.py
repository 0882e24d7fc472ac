"""Which of two connections to one peer survives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from peerbus.discovery.facts import Direction, PeerConnectionView
from peerbus.discovery.mind.duplicates import beats
from peerbus.transports.streams.endpoint import Endpoint

LOW, HIGH = "1" * 64, "9" * 64
PLACE = Endpoint("tcp", host="10.0.0.1", port=1)


def link(direction: Direction, incarnation: int = 1) -> PeerConnectionView:
    return PeerConnectionView("key", incarnation, PLACE if direction is Direction.DIALED else None)


@pytest.mark.parametrize("dialed_by_low_is_new", [True, False])
def test_both_sides_of_a_simultaneous_dial_choose_the_dial_of_the_smaller_id(
    dialed_by_low_is_new: bool,
) -> None:
    at_low = {True: link(Direction.DIALED), False: link(Direction.ACCEPTED)}
    at_high = {True: link(Direction.ACCEPTED), False: link(Direction.DIALED)}
    new, old = dialed_by_low_is_new, not dialed_by_low_is_new
    assert beats(at_low[new], at_low[old], self_id=LOW, node_id=HIGH) is dialed_by_low_is_new
    assert beats(at_high[new], at_high[old], self_id=HIGH, node_id=LOW) is dialed_by_low_is_new


@pytest.mark.parametrize("new", list(Direction))
@pytest.mark.parametrize("old", list(Direction))
@pytest.mark.parametrize(("self_id", "node_id"), [(LOW, HIGH), (HIGH, LOW)])
def test_a_new_incarnation_always_wins(new: Direction, old: Direction, self_id: str, node_id: str) -> None:
    assert beats(link(new, 2), link(old, 1), self_id=self_id, node_id=node_id)


@pytest.mark.parametrize(("self_id", "node_id"), [(LOW, HIGH), (HIGH, LOW)])
def test_in_one_direction_the_dialer_knows_which_one_lives(self_id: str, node_id: str) -> None:
    accepted, dialed = link(Direction.ACCEPTED), link(Direction.DIALED)
    assert beats(accepted, accepted, self_id=self_id, node_id=node_id)
    assert not beats(dialed, dialed, self_id=self_id, node_id=node_id)


@pytest.mark.parametrize("new", list(Direction))
@pytest.mark.parametrize("old", list(Direction))
@pytest.mark.parametrize("incarnation", [1, 2])
@pytest.mark.parametrize(("self_id", "node_id"), [(LOW, HIGH), (HIGH, LOW)])
def test_what_is_claimed_never_beats_what_is_proven_and_always_gives_way_to_it(
    new: Direction, old: Direction, incarnation: int, self_id: str, node_id: str
) -> None:
    proven, claimed = link(old), replace(link(new, incarnation), proven=False)
    assert not beats(claimed, proven, self_id=self_id, node_id=node_id)
    assert beats(proven, claimed, self_id=self_id, node_id=node_id)
