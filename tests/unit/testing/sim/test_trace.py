"""The trace: a digest over all, the last events of each node."""

from __future__ import annotations

from peerbus.testing import Event, Trace


def filled(*, kept: int = 100, last: str = "end") -> Trace:
    trace = Trace(kept=kept)
    for number in range(20):
        trace.add(number / 10, "alice" if number % 2 else "bob", f"event {number}")
    trace.add(3.0, "carol", last)
    return trace


def test_the_digest_is_over_every_event_those_that_are_not_kept_too() -> None:
    assert filled().digest() == filled(kept=2).digest() != filled(last="another").digest()
    assert len(filled(kept=2)) == 2
    assert filled(kept=2).count == 21


def test_the_last_events_of_each_node_are_shown_in_the_order_of_time() -> None:
    shown = filled().last(2)
    assert [event.node for event in shown] == ["bob", "alice", "bob", "alice", "carol"]
    assert shown[-1] == Event(3.0, "carol", "end")
    assert filled().timeline(1).splitlines()[-1].split() == ["3.000000", "carol", "end"]


def test_a_trace_that_is_off_takes_nothing() -> None:
    trace = Trace(on=False)
    trace.add(0.0, "alice", "anything")
    assert list(trace) == []
    assert trace.count == 0
    assert trace.digest() == Trace().digest()
