"""A page is told at most four times a second how a node fares, as people see no more."""

from __future__ import annotations

from peerbus.operate.api import EVERY, LATEST, SOONEST


def test_the_usual_pace_is_within_what_may_be_asked_for() -> None:
    assert 0.25 <= SOONEST <= EVERY <= LATEST
