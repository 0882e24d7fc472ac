"""The mailbox under random operations, for each policy; and its short way beside the long one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from mailboxes import Sender, balanced, box, taken

from peerbus.actors import ActorStopped, MailboxFull, Overflow, SendError
from peerbus.actors.mailbox.envelope import Envelope
from peerbus.actors.mailbox.mailbox import Mailbox

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


#: What is done to two mailboxes: a message of a source and a size is offered, or one is taken.
DONE_TO_BOTH = st.lists(
    st.one_of(st.tuples(st.sampled_from("ab"), st.sampled_from([0, 30, 120])), st.none()), max_size=40
)


def offered_in_full(to: Mailbox, envelope: Envelope) -> object:
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
