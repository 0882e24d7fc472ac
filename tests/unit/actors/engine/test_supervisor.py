"""Supervision: what is decided on a failure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import Directive, Supervision
from peerbus.actors.engine.supervisor import Decision, Supervisor


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


@given(
    gaps=st.lists(st.floats(0, 30), max_size=40),
    budget=st.integers(0, 5),
    window=st.floats(0.1, 60),
    backoff=st.floats(0, 5),
)
def test_no_window_ever_has_more_restarts_than_the_budget_and_each_waits_longer(
    gaps: list[float], budget: int, window: float, backoff: float
) -> None:
    policy = Supervision(budget=budget, window=window, backoff=backoff, max_backoff=20.0)
    supervisor = Supervisor(policy)
    now, restarts = 0.0, list[float]()
    for gap in gaps:
        now += gap
        recent = [at for at in restarts if now - at <= window]
        decision = supervisor.failed(now)
        if len(recent) >= budget:
            assert decision == Decision(Directive.STOP)
        else:
            assert decision == Decision(Directive.RESTART, min(backoff * 2 ** len(recent), 20.0))
            restarts.append(now)
        assert supervisor.restarts <= budget
