"""Results of a send to several peers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from peerbus.actors import LOCAL, NoRoute, Peer, Results


def test_results_hold_an_answer_or_an_error_for_each_peer() -> None:
    results = Results({"a": 1, "b": 2}, {"c": NoRoute("gone")})
    assert set(results) == {"a", "b", "c"}
    assert len(results) == 3
    assert results["a"] == 1
    with pytest.raises(NoRoute):
        results["c"]
    with pytest.raises(KeyError):
        results["d"]
    assert not results.ok
    assert repr(results) == "Results(2 of 3 answered)"


def test_results_are_ok_when_somebody_answered_and_nobody_failed() -> None:
    assert Results({"a": None}, {}).ok
    assert not Results({}, {}).ok


A, B, C, D = (letter * 64 for letter in "abcd")


def test_whether_a_peer_is_in_them_is_answered_and_never_raised() -> None:
    results = Results({A: 1, "local": 2}, {B: NoRoute("gone")}, abandoned=(C,))
    assert [peer in results for peer in (A, B, C, D, "local")] == [True, True, False, False, True]
    holds: Callable[[Any], bool] = results.__contains__
    assert [holds(peer) for peer in (Peer(A), Peer(B), LOCAL)] == [True, True, True]
    assert [holds(peer) for peer in (Peer(C), Peer(D), None, 7)] == [False, False, False, False]
    assert list(results) == sorted(results) == [A, B, "local"]
    assert list(results.keys()) == [A, B, "local"]
    assert len(results) == 3


def test_a_peer_is_looked_up_by_its_address_part_as_by_its_name() -> None:
    results = Results({A: 1, "local": 2}, {B: NoRoute("gone")})
    assert (results[Peer(A)], results[LOCAL], results.get(Peer(A)), results.get(LOCAL)) == (1, 2, 1, 2)
    with pytest.raises(NoRoute):
        results[Peer(B)]


def test_who_is_not_there_is_a_key_error_that_says_why() -> None:
    results = Results({A: 1}, {}, abandoned=(C,))
    with pytest.raises(KeyError, match=f"was not asked; those that were: {A}"):
        results[D]
    with pytest.raises(KeyError, match="nobody waited for it"):
        results[C]
    with pytest.raises(KeyError, match="none"):
        Results({}, {})["x"]


def test_get_gives_the_default_wherever_there_is_no_answer() -> None:
    results = Results({A: 1}, {B: NoRoute("gone")}, abandoned=(C,))
    assert (results.get(A), results.get(B), results.get(C), results.get(D)) == (1, None, None, None)
    assert results.get(B, 7) == 7


def test_values_and_items_come_to_the_error_of_the_one_that_failed() -> None:
    results = Results({A: 1, C: 3}, {B: NoRoute("gone")})
    items = iter(results.items())
    assert next(items) == (A, 1)
    with pytest.raises(NoRoute):
        next(items)
    with pytest.raises(NoRoute):
        list(results.values())
    assert dict(Results({A: 1, C: 3}, {})) == {A: 1, C: 3}


def test_they_are_equal_by_what_they_hold_and_to_the_dict_of_their_answers_where_none_failed() -> None:
    error = NoRoute("gone")
    assert Results({A: 1}, {B: error}) == Results({A: 1}, {B: error})
    assert Results({A: 1}, {B: error}) != Results({A: 1}, {})
    assert Results({A: 1}, {B: error}) != {A: 1}
    assert Results({A: 1}, {}) == {A: 1}
    assert Results({}, {}) != "nothing"
