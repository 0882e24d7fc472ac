"""Results of a send to several peers."""

from __future__ import annotations

import pytest

from peerbus.actors import NoRoute, Results


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
