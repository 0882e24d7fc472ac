"""The fair queue: order within a source, turns between sources."""

from __future__ import annotations

from collections import Counter, defaultdict

from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors.envelope import Envelope
from peerbus.actors.fair_queue import KEPT_LANES, FairQueue


def envelope(source: object, message: object) -> Envelope:
    return Envelope(message, source=source)


def test_an_empty_queue_has_nothing_to_give() -> None:
    queue = FairQueue()
    assert not queue
    assert len(queue) == 0
    assert queue.get() is None
    assert queue.get_from_longest() is None
    assert queue.replace(envelope("a", 1)) is None


def test_a_flooding_source_delays_another_by_one_message() -> None:
    queue = FairQueue()
    for i in range(100):
        queue.put(envelope("flood", i))
    queue.put(envelope("quiet", "late"))
    assert [taken.message for taken in (queue.get(), queue.get()) if taken is not None] == [0, "late"]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers()), max_size=200))
def test_each_source_keeps_its_order_and_busy_sources_take_turns(puts: list[tuple[int, int]]) -> None:
    queue = FairQueue()
    for source, message in puts:
        queue.put(envelope(source, message))
    assert len(queue) == len(puts) == len(list(queue))
    left: dict[object, int] = dict(Counter(source for source, _ in puts))
    since = dict.fromkeys(left, 0)
    taken: dict[object, list[object]] = defaultdict(list)
    while (got := queue.get()) is not None:
        busy = [each for each in left if left[each]]
        for each in busy:
            since[each] = 0 if each == got.source else since[each] + 1
            assert since[each] < max(1, len(left))
        left[got.source] -= 1
        taken[got.source].append(got.message)
    assert dict(taken) == {s: [m for source, m in puts if source == s] for s, _ in puts}


def test_with_n_busy_sources_each_gets_every_nth_turn() -> None:
    queue = FairQueue()
    for source in range(5):
        for i in range(10):
            queue.put(envelope(source, i))
    order = []
    while (got := queue.get()) is not None:
        order.append(got.source)
    assert order == list(range(5)) * 10


def test_the_longest_lane_gives_its_oldest() -> None:
    queue = FairQueue()
    for message in range(3):
        queue.put(envelope("long", message))
    queue.put(envelope("short", "x"))
    oldest = queue.get_from_longest()
    assert oldest is not None
    assert oldest.message == 0
    assert len(queue) == 3


def test_lanes_of_sources_that_came_and_went_are_forgotten() -> None:
    queue = FairQueue()
    for take in (queue.get, queue.get_from_longest):
        for source in range(10 * KEPT_LANES):
            queue.put(envelope((take, source), 0))
        while take() is not None:
            pass
        assert len(queue.lanes) <= KEPT_LANES


def test_replace_takes_the_place_of_the_newest_of_the_same_source_and_type() -> None:
    queue = FairQueue()
    for source, message in (("a", 1), ("a", "text"), ("a", 2), ("b", 3)):
        queue.put(envelope(source, message))
    replaced = queue.replace(envelope("a", 4))
    assert replaced is not None
    assert replaced.message == 2
    assert queue.replace(envelope("c", 1)) is None
    assert queue.replace(envelope("b", 1.5)) is None
    messages = []
    while (got := queue.get()) is not None:
        messages.append(got.message)
    assert messages == [1, 3, "text", 4]
