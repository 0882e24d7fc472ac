"""Supervision: what is decided on a failure."""

from __future__ import annotations

import pytest

from peerbus.actors import Directive, Supervision
from peerbus.actors.supervision import Decision, Supervisor


def test_the_backoff_doubles_up_to_its_limit_and_the_budget_ends_it() -> None:
    supervisor = Supervisor(Supervision(budget=5, window=60, backoff=1.0, max_backoff=5.0))
    decisions = [supervisor.failed(0.0) for _ in range(6)]
    assert [decision.delay for decision in decisions[:5]] == [1, 2, 4, 5, 5]
    assert decisions[5] == Decision(Directive.STOP)
    assert supervisor.restarts == 5


def test_failures_outside_the_window_are_forgotten() -> None:
    supervisor = Supervisor(Supervision(budget=1, window=10.0))
    assert supervisor.failed(0.0).directive is Directive.RESTART
    assert supervisor.failed(10.0).directive is Directive.STOP
    assert supervisor.failed(10.1) == Decision(Directive.RESTART, 0.1)


@pytest.mark.parametrize("directive", [Directive.RESUME, Directive.STOP, Directive.ESCALATE])
def test_other_directives_need_no_budget(directive: Directive) -> None:
    supervisor = Supervisor(Supervision(directive=directive, budget=0))
    assert supervisor.failed(0.0) == Decision(directive)


def test_a_spent_budget_may_escalate() -> None:
    assert Supervisor(Supervision(budget=0, then=Directive.ESCALATE)).failed(0.0) == Decision(Directive.ESCALATE)


def test_values_out_of_range_are_refused() -> None:
    for values in ({"budget": -1}, {"window": 0}, {"backoff": -1}, {"max_backoff": 0.01}):
        with pytest.raises(ValueError, match="out of range"):
            Supervision(**values)
    with pytest.raises(ValueError, match="stop or escalate, not resume"):
        Supervision(then=Directive.RESUME)
