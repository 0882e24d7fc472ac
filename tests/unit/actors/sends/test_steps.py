"""What stands behind the names on a probe's way, and what a circle of them is called."""

from __future__ import annotations

import pytest

from peerbus.actors.sends.steps import BESIDE, chosen, chosen_in, owes, ring_of, waiting_first

A, B, X = "bus://n/jobs.1", "bus://n/jobs.2", "bus://m/x"


def test_a_way_owes_those_members_of_a_pool_that_it_was_not_at() -> None:
    of_two = chosen(2, 7)
    assert not owes([A, X])
    assert owes([X, A + of_two, A, X])
    assert owes([X, A + of_two, A, X, A + of_two])
    assert not owes([X, A + of_two, A, X, B + of_two, B])
    assert owes([X, A + of_two, B + of_two, "bus://n/other.1" + of_two]), "each pool for itself"
    assert chosen_in([X, A + of_two, A, B + of_two]) == 2


@pytest.mark.parametrize(
    "odd", ["", " (of ", "x (of 2 at 1)", "bus://n/a.1 (of 2)", "bus://n/a.1 (of 99999999999 at 1)"]
)
def test_what_a_peer_makes_up_is_a_name_like_any_other(odd: str) -> None:
    assert not owes([odd, A])
    assert ring_of([A, odd])[0] == A


def test_the_first_is_one_that_is_held_up() -> None:
    assert waiting_first([X, A + chosen(2, 1), A + BESIDE, B]) == X
    assert waiting_first([B, A + chosen(2, 1), A + BESIDE]) == B
    assert waiting_first([A + BESIDE]) == ""


def test_a_circle_names_each_where_it_waits() -> None:
    assert ring_of([A, B + chosen(2, 9), B, X + BESIDE, A + chosen(2, 9), A]) == [A, B, X, A]


def test_the_mark_of_a_pool_that_was_at_work_for_long_has_its_place() -> None:
    longest = f"bus://{'a' * 64}/{'r' * 64}.9999" + chosen(9999, 10**12)
    assert len(longest) <= 160
