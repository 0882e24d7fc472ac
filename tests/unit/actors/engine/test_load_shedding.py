"""Which asks are not begun: learnt from those that came too late, and forgotten."""

from __future__ import annotations

from peerbus.actors.engine.load_shedding import HALF_LIFE, LEAST, MOST, LoadShedder


def test_nothing_is_left_out_before_something_was_late() -> None:
    assert not LoadShedder().hopeless(str, 0.0, 5.0)


def test_each_late_answer_doubles_what_an_ask_must_have_left_up_to_a_bound() -> None:
    shedder = LoadShedder()
    margins = []
    for _ in range(20):
        shedder.late(str, 1.0)
        margins.append(shedder.margin(str, 1.0))
    assert margins[:4] == [LEAST, 2 * LEAST, 4 * LEAST, 8 * LEAST]
    assert margins[-1] == MOST
    assert shedder.hopeless(str, MOST * 0.99, 1.0)
    assert not shedder.hopeless(str, MOST, 1.0)


def test_it_is_forgotten_with_time_and_learnt_for_each_type() -> None:
    shedder = LoadShedder()
    shedder.late(str, 0.0)
    assert shedder.margin(str, HALF_LIFE) == LEAST / 2
    assert shedder.margin(int, 0.0) == 0.0
