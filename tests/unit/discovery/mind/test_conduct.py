"""What follows from how a peer behaves."""

from __future__ import annotations

import pytest
from minds import ONE, TWO, connected, known, mind

from peerbus.discovery.facts.bans import Ban
from peerbus.discovery.facts.commands import Changes, CloseConnection
from peerbus.discovery.facts.events import PeerBanned, PeerDown
from peerbus.discovery.facts.scores import WEIGHTS, ScoreReason
from peerbus.discovery.mind.conduct import misbehaved, useful
from peerbus.discovery.peer.options import PeerOptions

LESS = ScoreReason.USELESS


def test_points_add_up_and_of_nodes_that_are_not_known_nothing_is_kept() -> None:
    state = mind()
    peer = known(state, ONE, 1)
    assert misbehaved(state, ONE, LESS, 0.0) == Changes()
    assert peer.score.value(0.0) == WEIGHTS[LESS]
    assert useful(state, ONE, 0.0, 3) is peer
    assert peer.score.value(0.0) == WEIGHTS[LESS] + 3 * WEIGHTS[ScoreReason.USEFUL]
    assert misbehaved(state, TWO, LESS, 0.0) == Changes()
    assert useful(state, TWO, 0.0, 1) is None
    assert state.reported == {LESS.value: 1, "useful": 3}


def test_who_falls_too_low_is_banned_and_parted_with() -> None:
    state = mind(PeerOptions(ban_score=WEIGHTS[LESS], ban_time=60.0))
    connected(state, ONE)
    ban = Ban(ONE, 65.0, LESS.value, automatic=True)
    assert misbehaved(state, ONE, LESS, 5.0) == Changes(
        (PeerBanned(ban), PeerDown(ONE, "banned")), (CloseConnection(ONE, f"key of {ONE}", "banned"),)
    )
    assert misbehaved(state, ONE, LESS, 6.0) == Changes()  # once


def test_where_bans_last_for_no_time_who_falls_too_low_is_parted_with_and_may_come_again() -> None:
    state = mind(PeerOptions(ban_score=WEIGHTS[LESS], ban_time=0.0))
    connected(state, ONE)
    assert misbehaved(state, ONE, LESS, 5.0) == Changes(
        (PeerDown(ONE, LESS.value),), (CloseConnection(ONE, f"key of {ONE}", LESS.value),)
    )
    assert list(state.bans) == []


@pytest.mark.parametrize("by", ["unconditional", "score"])
def test_whom_the_operator_wants_is_not_banned(by: str) -> None:
    state = mind(PeerOptions(ban_score=WEIGHTS[LESS]))
    peer = known(state, ONE, 1)
    if by == "score":
        peer.fixed_score = 0.0
    else:
        peer.unconditional = True
    assert misbehaved(state, ONE, LESS, 0.0) == Changes()
    assert state.bans.of(ONE, None, 0.0) is None


def test_a_reason_that_costs_no_points_is_no_misbehaviour() -> None:
    with pytest.raises(ValueError, match="no misbehaviour"):
        misbehaved(mind(), ONE, ScoreReason.USEFUL, 0.0)
