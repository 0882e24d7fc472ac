"""The phases in which a bus ends, in their order."""

from __future__ import annotations

from peerbus.actors.engine.ending import SIDE_BY_SIDE, Ending


def test_work_ends_first_and_the_bus_last() -> None:
    assert list(Ending) == sorted(Ending)
    assert (min(Ending), max(Ending)) == (Ending.WORK, Ending.BUS)
    assert Ending.LINKS < Ending.PEERS < Ending.STORAGE


def test_only_what_nothing_else_needs_ends_side_by_side() -> None:
    assert frozenset({Ending.LINKS}) == SIDE_BY_SIDE
