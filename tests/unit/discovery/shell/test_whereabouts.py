"""Which places of a name are dialed next."""

from __future__ import annotations

from peerbus.discovery.shell.whereabouts import MOST_PLACES, REMEMBERED_FOR, Whereabouts
from peerbus.transports.streams.endpoint import Endpoint

SELF, BOB = "5" * 64, "b" * 64


def place(number: int) -> Endpoint:
    return Endpoint("tcp", host=f"10.0.0.{number}", port=7400)


def nobody(_: str) -> bool:
    return False


def test_places_are_dialed_as_they_are_named_until_something_is_known_of_them() -> None:
    assert Whereabouts(SELF).order([place(2), place(1)], nobody, 0.0) == [place(2), place(1)]


def test_the_place_that_worked_comes_first_and_those_that_failed_last_the_oldest_failure_before() -> None:
    known = Whereabouts(SELF)
    known.answered(place(1), None, 2.0, worked=False)
    known.answered(place(2), None, 1.0, worked=False)
    known.answered(place(4), BOB, 1.0, worked=True)
    assert known.order([place(1), place(2), place(3), place(4)], nobody, 3.0) == [place(n) for n in (4, 3, 2, 1)]


def test_where_this_node_itself_is_is_not_dialed_again_until_somebody_else_may_be_there() -> None:
    known = Whereabouts(SELF)
    known.answered(place(1).with_peer(SELF), SELF, 0.0, worked=False)
    assert known.order([place(1)], nobody, 1.0) == []
    assert known.order([place(1), place(2)], nobody, 1.0) == [place(2)]
    assert known.order([place(1)], nobody, REMEMBERED_FOR + 1.0) == [place(1)]


def test_of_places_where_connected_peers_are_one_is_dialed_as_the_last() -> None:
    known = Whereabouts(SELF)
    for number in (1, 2):
        known.answered(place(number), BOB, 0.0, worked=True)
    assert known.order([place(1), place(2), place(3)], lambda node_id: node_id == BOB, 1.0) == [place(3), place(1)]


def test_a_dial_tries_a_bounded_number_of_places_and_the_next_one_tries_others() -> None:
    known, many = Whereabouts(SELF), [place(n) for n in range(1, 31)]
    seen: set[Endpoint] = set()
    for turn in range(5):
        tried = known.order(many, nobody, float(turn))
        assert len(tried) < MOST_PLACES
        for one in tried:
            known.answered(one, None, float(turn), worked=False)
        seen.update(tried)
    assert seen == set(many)
