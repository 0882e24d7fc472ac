"""The mailbox: bounds, policies, waiters, the foreign door, the ledger."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict, deque
from threading import get_ident
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from pykka.messages import _ActorStop

from peerbus.actors import ActorStopped, MailboxFull, Overflow, SendError
from peerbus.actors.mailbox.envelope import Envelope
from peerbus.actors.mailbox.mailbox import Mailbox
from peerbus.actors.sends import ReplyFuture


class Sender:
    """A waiter that notes what it was told."""

    def __init__(self, envelope: Envelope, *, gone: bool = False) -> None:
        self.envelope = envelope
        self.withdrawn = ""
        self.gone = gone
        self.told: object = None

    def admitted(self) -> bool:
        if self.gone:
            return False
        self.told = "admitted"
        return True

    def refused(self, error: SendError) -> None:
        self.told = error


class Lane:
    """A carrier that counts what left."""

    def __init__(self) -> None:
        self.left = 0

    def dequeued(self, messages: int, size: int) -> None:
        self.left += messages


def box(
    limit: int = 2, byte_limit: int = 100, overflow: Overflow = Overflow.WAIT
) -> tuple[Mailbox, list[tuple[object, str]]]:
    made = Mailbox(limit, byte_limit, overflow)
    made.owner = get_ident()
    lost: list[tuple[object, str]] = []
    made.on_drop = lambda envelope, error: lost.append((envelope.message, error.reason))
    return made, lost


def taken(from_: Mailbox) -> list[object]:
    messages = []
    while (envelope := from_.take()) is not None:
        messages.append(envelope.message)
    return messages


def balanced(of: Mailbox) -> bool:
    stats = of.statistics()
    return stats.sent == stats.delivered + sum(stats.failed.values()) + stats.waiting


def test_wait_says_that_there_is_no_room_and_admits_in_order() -> None:
    inbox, _ = box()
    assert inbox.offer(Envelope(1))
    assert inbox.offer(Envelope(2))
    assert not inbox.offer(Envelope(3))
    senders = [Sender(Envelope(i)) for i in (3, 4)]
    for sender in senders:
        inbox.wait(sender)
    assert inbox.statistics().waiting == 2
    assert balanced(inbox)
    assert taken(inbox) == [1, 2, 3, 4]
    assert [sender.told for sender in senders] == ["admitted"] * 2
    assert balanced(inbox)


def test_who_begins_to_wait_late_takes_no_room_that_another_thread_was_told_of() -> None:
    inbox, _ = box(limit=2)
    assert inbox.offer(Envelope(1))
    assert inbox.offer(Envelope(2))
    assert not inbox.offer(Envelope(5))
    assert [inbox.take(), inbox.take()] != [None, None]
    assert inbox.offer_foreign(Envelope(3))
    assert inbox.offer_foreign(Envelope(4))  # the owner has not looked yet
    late = Sender(Envelope(5))
    inbox.wait(late)
    assert late.told is None
    assert inbox.statistics().queued == 2
    assert taken(inbox) == [3, 4, 5]
    assert late.told == "admitted"


def test_what_a_thread_puts_behind_a_sender_that_waits_does_not_overtake_it() -> None:
    inbox, _ = box(limit=2)
    assert inbox.offer_foreign(Envelope(1))
    assert inbox.offer_foreign(Envelope(2))
    assert taken(inbox) == [1, 2]
    assert inbox.offer(Envelope(3))
    assert inbox.offer(Envelope(4))
    assert not inbox.offer_foreign(Envelope(5))
    fifth, sixth = Sender(Envelope(5)), Sender(Envelope(6))
    assert taken(inbox) == [3, 4]
    inbox.put_foreign(fifth)  # there is room by now, and the owner has not looked yet
    assert not inbox.offer_foreign(Envelope(6))
    inbox.put_foreign(sixth)
    assert taken(inbox) == [5, 6]
    assert (fifth.told, sixth.told) == ("admitted", "admitted")
    assert inbox.offer_foreign(Envelope(7))
    assert taken(inbox) == [7]


def test_who_waits_goes_before_who_comes_later() -> None:
    inbox, _ = box()
    for i in (1, 2):
        inbox.offer(Envelope(i))
    inbox.wait(Sender(Envelope(3)))
    inbox.take()
    assert not inbox.offer(Envelope(4))


def test_a_mailbox_that_is_widened_admits_who_waits_and_one_that_is_narrowed_takes_nothing_until_it_fits() -> None:
    mailbox = Mailbox(1)
    assert mailbox.offer(Envelope("one"))
    waiter = Sender(Envelope("two"))
    mailbox.wait(waiter)
    mailbox.widen(2, 0)
    assert (waiter.told, len(mailbox), mailbox.limit) == ("admitted", 2, 3)
    assert mailbox.overlooked() is None
    mailbox.widen(-2, 0)
    assert not mailbox.offer(Envelope("three"))
    for expected in ("one", "two"):
        taken = mailbox.take()
        assert taken is not None
        assert taken.message == expected
    assert mailbox.offer(Envelope("three"))
    assert mailbox.statistics().queued == 1


def test_waiting_senders_take_turns_by_source() -> None:
    inbox, _ = box(limit=1)
    inbox.offer(Envelope(0))
    for i in range(3):
        inbox.wait(Sender(Envelope(("flood", i), source="flood")))
    inbox.wait(Sender(Envelope(("quiet", 0), source="quiet")))
    assert taken(inbox) == [0, ("flood", 0), ("quiet", 0), ("flood", 1), ("flood", 2)]


def test_reject_fails_the_send() -> None:
    inbox, _ = box(overflow=Overflow.REJECT)
    inbox.offer(Envelope(1))
    inbox.offer(Envelope(2))
    with pytest.raises(MailboxFull, match="2 of 2 messages") as caught:
        inbox.offer(Envelope(3))
    assert caught.value.message == 3
    assert inbox.statistics().failed == {"mailbox_full": 1}
    assert balanced(inbox)


def test_drop_newest_drops_the_new_and_gives_its_credit_back() -> None:
    inbox, lost = box(overflow=Overflow.DROP_NEWEST)
    lane = Lane()
    for i in (1, 2, 3):
        assert inbox.offer(Envelope(i, carrier=lane, size=1))
    assert lost == [(3, "drop_newest")]
    assert lane.left == 1
    assert taken(inbox) == [1, 2]
    assert lane.left == 3


def test_drop_oldest_drops_from_the_source_that_has_most() -> None:
    inbox, lost = box(limit=3, overflow=Overflow.DROP_OLDEST)
    for source, message in (("a", 1), ("b", 2), ("b", 3), ("c", 4)):
        assert inbox.offer(Envelope(message, source=source))
    assert lost == [(2, "drop_oldest")]
    assert taken(inbox) == [1, 3, 4]
    assert inbox.statistics().dropped == {"drop_oldest": 1}


def test_latest_replaces_the_same_type_of_the_same_sender_at_any_time() -> None:
    inbox, lost = box(limit=3, overflow=Overflow.LATEST)
    for message in (1, "text", 2):
        assert inbox.offer(Envelope(message))
    assert lost == [(1, "superseded")]
    for other in (1.5, b""):
        assert inbox.offer(Envelope(other))
    assert lost[1:] == [(2, "latest")]
    assert taken(inbox) == ["text", 1.5, b""]
    assert balanced(inbox)


def test_latest_keeps_the_bound_in_bytes_when_the_newer_message_is_larger() -> None:
    inbox, lost = box(limit=10, byte_limit=10, overflow=Overflow.LATEST)
    inbox.offer(Envelope(1, size=1))
    inbox.offer(Envelope("text", size=8))
    inbox.offer(Envelope(2, size=5))
    assert lost == [(1, "superseded"), ("text", "latest")]
    assert inbox.bytes == 5
    assert taken(inbox) == [2]


def test_one_message_above_the_bound_in_bytes_may_enter_alone() -> None:
    inbox, _ = box(byte_limit=10)
    assert inbox.offer(Envelope(1, size=50))
    assert not inbox.offer(Envelope(2, size=1))
    inbox.take()
    assert inbox.offer(Envelope(2, size=1))
    assert not inbox.offer(Envelope(3, size=50))


def test_who_gives_up_makes_room_for_a_smaller_one_behind() -> None:
    inbox, _ = box(limit=10, byte_limit=10)
    inbox.offer(Envelope(1, size=5))
    large, small = Sender(Envelope(2, size=9, source="l")), Sender(Envelope(3, size=2, source="s"))
    inbox.wait(large)
    inbox.wait(small)
    inbox.give_up(large, MailboxFull("tired"))
    assert small.told == "admitted"
    assert balanced(inbox)


def test_a_sender_that_has_gone_is_counted_as_cancelled() -> None:
    inbox, _ = box(limit=1)
    inbox.offer(Envelope(1))
    inbox.wait(Sender(Envelope(2), gone=True))
    assert taken(inbox) == [1]
    assert inbox.statistics().failed == {"cancelled": 1}
    assert balanced(inbox)
    assert inbox.offer(Envelope(3))


def test_a_closed_mailbox_refuses_everybody_and_returns_what_was_queued() -> None:
    inbox, _ = box(limit=1)
    lane = Lane()
    inbox.offer(Envelope(1, size=1, carrier=lane))
    sender, late = Sender(Envelope(2)), Sender(Envelope(3))
    inbox.wait(sender)
    assert [envelope.message for envelope in inbox.close("it is over")] == [1]
    assert lane.left == 1
    inbox.wait(late)
    assert isinstance(sender.told, ActorStopped)
    assert isinstance(late.told, ActorStopped)
    with pytest.raises(ActorStopped, match="it is over"):
        inbox.offer(Envelope(4))
    with pytest.raises(ActorStopped):
        inbox.offer_foreign(Envelope(5))
    assert not inbox.offer_or_skip(Envelope(6))
    assert not inbox.offer_foreign_or_skip(Envelope(6))
    assert inbox.closed == "it is over"
    assert inbox.statistics().queued == 0
    assert balanced(inbox)


def test_a_system_lane_of_any_length_is_emptied_in_its_order_and_in_one_pass() -> None:
    # Moved for each message, so many would take minutes.
    inbox, many = Mailbox(), 400_000
    for number in range(many):
        inbox.put_system(Envelope(number))
    for number in range(many):
        envelope = inbox.take()
        assert envelope is not None
        assert envelope.message == number
        if number % 1000 == 0:
            assert len(inbox) == many - number - 1
    assert inbox.take() is None
    assert inbox.rest()


def test_what_is_left_of_a_system_lane_is_what_was_not_taken() -> None:
    inbox = Mailbox()
    for number in range(10):
        inbox.put_system(Envelope(number))
    assert [envelope.message for envelope in (inbox.take(), inbox.take()) if envelope is not None] == [0, 1]
    assert len(inbox) == 8
    assert [envelope.message for envelope in inbox.take_system()] == list(range(2, 10))
    assert len(inbox) == 0


def test_the_system_lane_has_room_and_goes_first() -> None:
    inbox, _ = box(limit=1)
    inbox.offer(Envelope(1))
    for i in range(10):
        inbox.put_system(Envelope(("system", i)))
    assert taken(inbox) == [*(("system", i) for i in range(10)), 1]


def test_the_request_to_stop_comes_out_last_and_closes_the_door() -> None:
    inbox, lost = box()
    inbox.offer(Envelope(1))
    stop = Envelope(_ActorStop())
    inbox.put_foreign(stop)
    inbox.put_foreign(Envelope(2))
    assert inbox.take() is not None
    assert inbox.take() is stop
    assert lost == [(2, "actor_stopped")]
    with pytest.raises(ActorStopped):
        inbox.offer(Envelope(3))


def test_who_puts_something_when_the_owner_has_left_refuses_it_himself() -> None:
    inbox, lost = box()
    wakes: list[str] = []
    inbox.wake = inbox.wake_threadsafe = lambda: wakes.append("woken")
    assert inbox.close("over") == []
    inbox.put_foreign(Envelope(1))  # between the close and the last look
    inbox.leave(inbox.on_drop)
    assert lost == [(1, "actor_stopped")]
    answer: ReplyFuture[object] = ReplyFuture()
    inbox.put_foreign(Envelope(2, None, answer))
    inbox.put_system(Envelope(3))
    assert lost[1:] == [(2, "actor_stopped")]
    with pytest.raises(ActorStopped, match="over"):
        answer.get(timeout=0)
    assert (len(inbox), wakes) == (0, [])
    assert balanced(inbox)


def test_only_stop_left_looks_at_every_lane() -> None:
    inbox, _ = box()
    assert not inbox.only_stop_left
    inbox.put_foreign(Envelope(1))
    inbox.put_foreign(Envelope(_ActorStop()))
    assert not inbox.only_stop_left
    inbox.take()
    assert inbox.only_stop_left


def test_the_owner_is_woken_once_until_it_rests() -> None:
    inbox, _ = box(limit=10)
    wakes: list[str] = []
    inbox.wake = lambda: wakes.append("own")
    inbox.wake_threadsafe = lambda: wakes.append("foreign")
    inbox.offer(Envelope(1))
    assert wakes == []  # a new mailbox is looked at when its actor starts
    taken(inbox)
    assert inbox.rest()
    inbox.offer(Envelope(1))
    inbox.offer_foreign(Envelope(2))
    assert wakes == ["own"]
    taken(inbox)
    assert inbox.rest()
    inbox.offer_foreign(Envelope(3))
    inbox.put_system(Envelope(4))
    assert wakes == ["own", "foreign"]
    assert not inbox.rest()
    assert taken(inbox) == [4, 3]


@pytest.mark.parametrize("overflow", list(Overflow))
def test_what_other_threads_put_is_bounded_while_the_owner_is_away(overflow: Overflow) -> None:
    inbox, _ = box(limit=4, overflow=overflow)
    inbox.owner = -2
    outcomes: Counter[str] = Counter()
    for i in range(50):
        try:
            outcomes[str(inbox.offer_foreign(Envelope(i)))] += 1
        except MailboxFull:
            outcomes["refused"] += 1
    assert len(inbox) <= 2 * 4
    inbox.owner = get_ident()
    messages = taken(inbox)
    assert len(messages) <= 4
    expected = {
        Overflow.WAIT: ([0, 1, 2, 3], {"True": 4, "False": 46}),
        Overflow.REJECT: ([0, 1, 2, 3], {"True": 4, "refused": 46}),
        Overflow.DROP_NEWEST: ([0, 1, 2, 3], {"True": 50}),
        Overflow.DROP_OLDEST: ([46, 47, 48, 49], {"True": 50}),
        Overflow.LATEST: ([49], {"True": 50}),
    }
    assert (messages, dict(outcomes)) == expected[overflow]
    stats = inbox.statistics()
    assert balanced(inbox)
    assert stats.delivered == len(messages) + sum(stats.dropped.values())


def test_the_owner_counts_what_waits_at_the_foreign_door() -> None:
    inbox, _ = box(limit=4)
    for i in range(3):
        assert inbox.offer_foreign(Envelope(i))
    assert inbox.offer(Envelope(3))
    assert not inbox.offer(Envelope(4))
    assert taken(inbox) == [0, 1, 2, 3]


def test_many_threads_lose_nothing_and_each_keeps_its_order() -> None:
    inbox, _ = box(limit=100_000)
    awake = threading.Event()
    inbox.wake = inbox.wake_threadsafe = awake.set
    count, threads = 2_000, 8
    inbox.scheduled = False

    def put(source: int) -> None:
        for i in range(count):
            assert inbox.offer_foreign(Envelope(i, source=source))

    workers = [threading.Thread(target=put, args=(source,)) for source in range(threads)]
    for worker in workers:
        worker.start()
    seen: dict[object, list[object]] = defaultdict(list)
    total = 0
    while total < count * threads:
        assert awake.wait(10), "a wake-up was lost"
        awake.clear()
        while True:
            while (envelope := inbox.take()) is not None:
                seen[envelope.source].append(envelope.message)
                total += 1
            if inbox.rest():
                break
    for worker in workers:
        worker.join()
    assert all(seen[source] == list(range(count)) for source in range(threads))
    assert balanced(inbox)


def test_threads_exceed_the_bound_by_no_more_than_the_one_that_races_the_owner() -> None:
    inbox, _ = box(limit=8)
    threads = 6
    start = threading.Barrier(threads + 1)

    def put() -> None:
        start.wait()
        for i in range(100):
            inbox.offer_foreign(Envelope(i))

    workers = [threading.Thread(target=put) for _ in range(threads)]
    for worker in workers:
        worker.start()
    start.wait()
    most = 0
    for i in range(200):
        inbox.offer(Envelope(i))
        most = max(most, len(inbox))
    for worker in workers:
        worker.join()
    assert max(most, len(inbox)) <= 8 + 1


def test_pykkas_interface_for_inboxes_works() -> None:
    inbox, _ = box()
    assert inbox.empty()
    inbox.put(Envelope(1))
    assert not inbox.empty()
    assert inbox.get().message == 1
    with pytest.raises(IndexError):
        inbox.get()
    assert list(inbox) == []


SOURCES = st.integers(0, 3)
SIZES = st.sampled_from([0, 0, 1, 3, 7, 12])


class MailboxMachine(RuleBasedStateMachine):
    """Anything that may happen to a mailbox, in any order."""

    overflow = Overflow.WAIT
    LIMIT, BYTES = 4, 10

    def __init__(self) -> None:
        super().__init__()
        self.inbox, self.lost = box(self.LIMIT, self.BYTES, self.overflow)
        self.number = 0
        self.takes = 0
        self.waiters: list[Sender] = []
        self.last: dict[object, int] = {}
        self.system: list[Envelope] = []
        #: Sends that found no room and are not awaited yet.
        self.unawaited: list[Sender] = []

    def make(self, source: int, size: int) -> Envelope:
        self.number += 1
        return Envelope(self.number, source=source, size=size)

    @rule(source=SOURCES, size=SIZES, wait=st.sampled_from(["now", "later", "never"]), gone=st.booleans())
    def offer(self, source: int, size: int, wait: str, gone: bool) -> None:
        envelope = self.make(source, size)
        try:
            if self.inbox.offer(envelope):
                return
        except SendError:
            return
        assert self.overflow is Overflow.WAIT
        sender = Sender(envelope, gone=gone)
        if wait == "now":
            self.waiters.append(sender)
            self.inbox.wait(sender)
        elif wait == "later":
            self.unawaited.append(sender)
        else:
            self.inbox.refuse(MailboxFull("not awaited"))

    @precondition(lambda self: self.unawaited)
    @rule()
    def begin_to_wait(self) -> None:
        sender = self.unawaited.pop(0)
        self.number += 1  # its place in the order is that of its wait
        sender.envelope.message = self.number
        self.waiters.append(sender)
        self.inbox.wait(sender)

    @rule(source=SOURCES, sizes=st.lists(SIZES, min_size=1, max_size=4))
    def offer_all(self, source: int, sizes: list[int]) -> None:
        if self.inbox.has_room_for(len(sizes), sum(sizes)):
            self.inbox.offer_all([self.make(source, size) for size in sizes], sum(sizes))

    @rule(source=SOURCES)
    def offer_foreign(self, source: int) -> None:
        try:
            if not self.inbox.offer_foreign(self.make(source, 0)):
                self.inbox.refuse(MailboxFull("not awaited"))
        except SendError:
            return

    @rule(n=st.integers(1, 6))
    def take(self, n: int) -> None:
        for _ in range(n):
            envelope = self.inbox.take()
            if envelope is None:
                return
            if self.system:
                assert envelope is self.system.pop(0), "the system lane goes first, in order"
                continue
            self.takes += 1
            assert isinstance(envelope.message, int)
            assert envelope.message > self.last.get(envelope.source, 0), "out of order within a source"
            self.last[envelope.source] = envelope.message

    @rule()
    def put_system(self) -> None:
        envelope = Envelope("system")
        self.inbox.put_system(envelope)
        self.system.append(envelope)

    @precondition(lambda self: self.waiters)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        sender = data.draw(st.sampled_from(self.waiters))
        self.waiters.remove(sender)
        self.inbox.give_up(sender, MailboxFull("tired"))

    @rule()
    def close(self) -> None:
        if self.number > 30:
            for envelope in self.inbox.close("over"):
                self.inbox.drop(envelope, ActorStopped("over"))
            assert all(sender.told is not None or sender.gone for sender in self.waiters)

    @invariant()
    def the_ledger_balances(self) -> None:
        assert balanced(self.inbox)
        stats = self.inbox.statistics()
        assert stats.delivered == self.takes + sum(stats.dropped.values()) + stats.queued
        assert sum(stats.dropped.values()) <= len(self.lost)

    @invariant()
    def nobody_waits_where_there_is_room(self) -> None:
        if not self.inbox._foreign:  # else the owner has been woken, and will look
            stats = self.inbox.statistics()
            for lane in self.inbox._waiting.lanes.values() if self.inbox._waiting is not None else ():
                size = next(iter(lane)).envelope.size
                fits = stats.queued_bytes + size <= self.BYTES or not stats.queued_bytes
                assert not (stats.queued < self.LIMIT and fits)
                break  # the next in turn

    @invariant()
    def the_bounds_hold(self) -> None:
        stats = self.inbox.statistics()
        assert stats.queued + len(self.inbox._foreign) <= self.LIMIT + self.LIMIT * (
            self.overflow in (Overflow.DROP_OLDEST, Overflow.LATEST)
        )
        assert stats.queued <= self.LIMIT
        assert stats.queued_bytes <= self.BYTES or stats.queued == 1 or not self._sized_twice()
        assert stats.queued_bytes == sum(envelope.size for envelope in self.inbox)

    def _sized_twice(self) -> bool:
        return sum(envelope.size > 0 for envelope in self.inbox) > 1


def machine(policy: Overflow) -> type[MailboxMachine]:
    return type(f"{policy.name}Machine", (MailboxMachine,), {"overflow": policy})


SETTINGS = settings(max_examples=max(30, settings().max_examples), stateful_step_count=40, deadline=None)
TestWait = machine(Overflow.WAIT).TestCase
TestReject = machine(Overflow.REJECT).TestCase
TestDropOldest = machine(Overflow.DROP_OLDEST).TestCase
TestDropNewest = machine(Overflow.DROP_NEWEST).TestCase
TestLatest = machine(Overflow.LATEST).TestCase
TestWait.settings = TestReject.settings = TestDropOldest.settings = SETTINGS
TestDropNewest.settings = TestLatest.settings = SETTINGS


def test_what_another_thread_puts_while_the_owner_settles_is_not_overlooked() -> None:
    """The owner of a mailbox that is never empty would look at the foreign door no more, as long as it is not slow."""

    class Door(deque[Any]):
        """Right after the owner has seen for the second time that nothing is there, another thread puts something."""

        looks = 0

        def __bool__(self) -> bool:
            if len(self):
                return True
            self.looks += 1
            if self.looks == 2:
                thread = threading.Thread(target=mailbox.offer_foreign, args=[Envelope("from another thread")])
                thread.start()
                thread.join()
            return False

    mailbox = Mailbox(limit=8)
    mailbox.owner = threading.get_ident()
    mailbox._foreign = Door()
    assert mailbox.offer_foreign(Envelope("first"))
    assert mailbox.take() is not None  # admitted, and settled
    assert len(mailbox) == 1
    assert not mailbox.has_room_for(1, 0)  # not without a look at that door


def test_a_look_from_another_thread_outlives_what_the_owner_does_meanwhile() -> None:
    class Changing(deque[Any]):
        """Changes while somebody looks, once."""

        def copy(self) -> Any:
            if changes:
                changes.pop()
                raise RuntimeError("deque mutated during iteration")
            return super().copy()

    mailbox = Mailbox()
    mailbox._foreign = Changing()
    changes = [1]
    entry = Envelope("queued", source="somebody")
    assert mailbox.offer_foreign(entry)
    assert mailbox.holds_others("me")
    changes.append(1)
    assert mailbox.peek() == [entry]
    assert changes == []


#: What is done to two mailboxes: a message of a source and a size is offered, or one is taken.
DONE_TO_BOTH = st.lists(
    st.one_of(st.tuples(st.sampled_from("ab"), st.sampled_from([0, 30, 120])), st.none()), max_size=40
)


def offered_in_full(to: Mailbox, envelope: Envelope) -> object:
    to.sent += 1
    try:
        return to.admit(envelope)
    except SendError as error:
        return type(error)


def offered(to: Mailbox, envelope: Envelope) -> object:
    try:
        return to.offer(envelope)
    except SendError as error:
        return type(error)


@pytest.mark.parametrize("policy", Overflow)
@given(done=DONE_TO_BOTH)
@settings(max_examples=max(30, settings().max_examples), deadline=None)
def test_an_offer_is_admitted_by_the_short_way_as_by_the_long_one(
    policy: Overflow, done: list[tuple[str, int] | None]
) -> None:
    (short, lost), (long, long_lost) = box(4, 100, policy), box(4, 100, policy)
    for number, step in enumerate(done):
        if step is None:
            left = [None if each is None else each.message for each in (short.take(), long.take())]
            assert left[0] == left[1]
        else:
            source, size = step
            told = [
                offered(short, Envelope(number, source=source, size=size)),
                offered_in_full(long, Envelope(number, source=source, size=size)),
            ]
            assert told[0] == told[1]
        assert short.statistics() == long.statistics()
    assert lost == long_lost


@given(sizes=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([0, 10])), max_size=6))
@settings(max_examples=max(30, settings().max_examples), deadline=None)
def test_what_another_thread_has_put_is_admitted_as_an_offer_is(sizes: list[tuple[str, int]]) -> None:
    (foreign, _), (own, _) = box(8), box(8)
    for number, (source, size) in enumerate(sizes):
        assert foreign.offer_foreign(Envelope(number, source=source, size=size))
        assert own.offer(Envelope(number, source=source, size=size))
    assert not foreign.only_stop_left  # it has looked at the door
    assert foreign.statistics() == own.statistics()
    assert taken(foreign) == taken(own)
