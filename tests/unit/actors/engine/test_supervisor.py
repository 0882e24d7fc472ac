"""Supervision: what is decided on a failure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import DeadlineExceeded, Directive, PeerbusError, PeerGone, RemoteError, Supervision
from peerbus.actors.engine.supervisor import Decision, Supervisor, is_failed_send


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


def test_a_failed_send_resumes_and_spends_no_budget_unless_the_supervision_says_otherwise() -> None:
    supervisor = Supervisor(Supervision(budget=1))
    assert {supervisor.send_failed(0.0, goes_on=True) for _ in range(99)} == {Decision(Directive.RESUME)}
    assert supervisor.failed(0.0).directive is Directive.RESTART
    strict = Supervisor(Supervision(budget=1, failed_send=Directive.RESTART))
    assert strict.send_failed(0.0, goes_on=True) == Decision(Directive.RESTART, 0.1)
    assert strict.send_failed(0.0, goes_on=True) == Decision(Directive.STOP)
    assert (
        Supervisor(Supervision(failed_send=Directive.STOP)).send_failed(0.0, goes_on=False).directive is Directive.STOP
    )


def test_what_cannot_be_resumed_is_begun_anew_however_often_it_fails_by_a_send() -> None:
    supervisor = Supervisor(Supervision(budget=2, window=60, backoff=1.0, max_backoff=5.0))
    decisions = [supervisor.send_failed(float(second), goes_on=False) for second in range(2000)]
    assert {decision.directive for decision in decisions} == {Directive.RESTART}
    assert [decision.delay for decision in decisions[:4]] == [1, 2, 4, 5]
    assert decisions[-1].delay == 5.0
    assert supervisor.send_failed(3000.0, goes_on=False).delay == 1.0
    assert supervisor.failed(3000.0) == Decision(Directive.RESTART, 1.0)
    stops = Supervisor(Supervision(directive=Directive.STOP))
    assert stops.send_failed(0.0, goes_on=False) == Decision(Directive.RESUME)


def test_a_backoff_of_many_failures_is_a_number() -> None:
    supervisor = Supervisor(Supervision(budget=2000, backoff=1e-300, max_backoff=1.0))
    assert {supervisor.failed(0.0).directive for _ in range(2000)} == {Directive.RESTART}


def test_a_group_is_a_failed_send_where_each_error_in_it_is_one() -> None:
    gone, late = PeerGone("gone"), DeadlineExceeded("late", phase="reply")
    assert is_failed_send(gone)
    assert is_failed_send(RemoteError("no"))
    assert is_failed_send(ExceptionGroup("two", [gone, ExceptionGroup("one", [late])]))
    assert not is_failed_send(ExceptionGroup("two", [gone, ValueError()]))
    assert not is_failed_send(PeerbusError("another"))
    assert not is_failed_send(TimeoutError())
