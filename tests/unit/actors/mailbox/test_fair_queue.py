"""The fair queue: order within a source, turns between sources."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from peerbus.actors.mailbox.envelope import Envelope
from peerbus.actors.mailbox.fair_queue import KEPT_LANES, FairQueue


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


class QueueMachine(RuleBasedStateMachine):
    """The queue beside a plain model: messages by source, and whose turn it is."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = FairQueue()
        self.model: dict[int, list[Envelope]] = {}  # busy sources, in the order of their turns
        self.number = 0

    @rule(source=st.integers(0, 30), many=st.integers(1, 3))
    def put(self, source: int, many: int) -> None:
        for _ in range(many):
            self.number += 1
            made = Envelope(self.number, source=source)
            self.queue.put(made)
            self.model.setdefault(source, []).append(made)

    @rule()
    def get(self) -> None:
        got = self.queue.get()
        if not self.model:
            assert got is None
            return
        source = next(iter(self.model))
        lane = self.model.pop(source)
        assert got is lane.pop(0)
        if lane:
            self.model[source] = lane  # to the end of the turns

    @rule()
    def get_from_longest(self) -> None:
        got = self.queue.get_from_longest()
        if not self.model:
            assert got is None
            return
        assert got is not None
        source = got.source
        assert isinstance(source, int)
        assert len(self.model[source]) == max(map(len, self.model.values()))
        assert self.model[source].pop(0) is got
        if not self.model[source]:
            del self.model[source]

    @rule(pick=st.randoms(use_true_random=False))
    def take_out(self, pick: Random) -> None:
        if not self.model:
            return
        source = pick.choice([*self.model])
        taken = self.model[source].pop(pick.randrange(len(self.model[source])))
        self.queue.take_out(taken)
        if not self.model[source]:
            del self.model[source]

    @rule(source=st.integers(0, 3))
    def replace(self, source: int) -> None:
        self.number += 1
        made = Envelope(self.number, source=source)
        replaced = self.queue.replace(made)
        if source in self.model:
            assert replaced is self.model[source][-1]
            self.model[source][-1] = made
        else:
            assert replaced is None

    @invariant()
    def it_holds_what_the_model_holds_and_little_else(self) -> None:
        assert list(self.queue) == [one for lane in self.model.values() for one in lane]
        assert len(self.queue) == sum(map(len, self.model.values()))
        assert bool(self.queue) is bool(self.model)
        assert len(self.queue.lanes) <= len(self.model) + KEPT_LANES


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


def test_all_that_is_queued_is_taken_at_once_and_the_queue_goes_on() -> None:
    queue = FairQueue()
    for source in ("a", "b", "a"):
        queue.put(envelope(source, source))
    assert Counter(each.message for each in queue.take_all()) == {"a": 2, "b": 1}
    assert not queue
    assert queue.get() is None
    queue.put(envelope("a", "again"))
    assert [each.message for each in queue] == ["again"]


def test_an_older_one_is_of_the_same_source_and_type() -> None:
    queue = FairQueue()
    queue.put(envelope("a", 1))
    assert queue.holds_older(envelope("a", 2))
    assert not queue.holds_older(envelope("a", "text"))
    assert not queue.holds_older(envelope("b", 2))


@pytest.mark.parametrize("take", [lambda queue: queue.take_of("a"), FairQueue.take_all], ids=["of one", "all"])
def test_a_lane_that_was_taken_out_holds_nothing(take: Callable[[FairQueue], list[Envelope]]) -> None:
    queue = FairQueue()
    queue.put_all([envelope("a", 1), envelope("a", 2)])
    lane = queue.turns[0]
    assert [each.message for each in take(queue)] == [1, 2]
    assert not lane, "a turn of the actor that goes on with it would handle what was dropped"
    queue.put(envelope("a", 3))
    assert [each.message for each in queue] == [3]
