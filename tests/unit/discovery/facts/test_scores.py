"""Points, their reasons and their fading."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.discovery.facts.scores import MAX_SCORE, MIN_SCORE, WEIGHTS, Score, ScoreReason


def test_points_add_up_and_say_why() -> None:
    score = Score(3600.0)
    for _ in range(3):
        score.add(ScoreReason.USEFUL, 10.0)
    score.add(ScoreReason.TOO_SOON, 10.0)
    assert score.value(10.0) == -2.0
    assert score.why(10.0) == ((ScoreReason.TOO_SOON, -5.0), (ScoreReason.USEFUL, 3.0))


def test_points_fade_to_half_in_each_half_life() -> None:
    score = Score(100.0)
    score.add(ScoreReason.USEFUL, 0.0, times=8)
    assert [score.value(now) for now in (0.0, 100.0, 200.0, 300.0)] == [8.0, 4.0, 2.0, 1.0]
    score.add(ScoreReason.USEFUL, 200.0)
    assert score.value(200.0) == 3.0


def test_every_reason_has_a_weight_and_only_useful_earns() -> None:
    assert set(WEIGHTS) == set(ScoreReason)
    assert [reason for reason, weight in WEIGHTS.items() if weight > 0] == [ScoreReason.USEFUL]


@pytest.mark.parametrize("points", [1e9, 1e308, -1e308])
def test_no_file_puts_a_peer_above_the_operators(points: float) -> None:
    score = Score(100.0)
    score.restore([(ScoreReason.USEFUL, points), (ScoreReason.USELESS, points)], 0.0, 0.0)
    assert score.value(0.0) == 0.0


@given(st.lists(st.tuples(st.sampled_from(list(ScoreReason)), st.integers(1, 3000), st.floats(0, 1e6)), max_size=40))
def test_a_score_stays_between_its_bounds(events: list[tuple[ScoreReason, int, float]]) -> None:
    score = Score(60.0)
    for reason, times, now in sorted(events, key=lambda one: one[2]):
        score.add(reason, now, times)
        assert MIN_SCORE - 1e-6 <= score.value(now) <= MAX_SCORE - 1.0 + 1e-6


@given(first=st.integers(-50, 50), second=st.integers(-50, 50), later=st.floats(0.0, 1e4))
def test_time_alone_never_changes_who_is_ahead(first: int, second: int, later: float) -> None:
    scores = []
    for number in (first, second):
        score = Score(600.0)
        score.add(ScoreReason.USEFUL if number > 0 else ScoreReason.USELESS, 0.0, abs(number))
        scores.append(score)
    ahead = scores[0].value(0.0) > scores[1].value(0.0)
    assert (scores[0].value(later) > scores[1].value(later)) == ahead


@pytest.mark.parametrize(("at", "value"), [(0.0, 2.5), (100.0, 5.0), (900.0, 5.0)])
def test_restored_points_have_faded_since_they_were_counted_and_a_clock_that_went_back_fades_nothing(
    at: float, value: float
) -> None:
    score = Score(100.0)
    score.restore([(ScoreReason.USEFUL, 5.0)], at, 100.0)
    assert score.value(100.0) == value
