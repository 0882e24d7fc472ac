"""Credit windows: what fits, what overruns, and that nobody ever waits for ever."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from peerbus.actors.base.errors import ProtocolError
from peerbus.transports.lanes.credit import ReceiveWindow, SendWindow


def test_a_fresh_window_has_all_its_credit() -> None:
    window = SendWindow(4, 100)
    assert (window.messages, window.bytes, window.outstanding) == (4, 100, (0, 0))


def test_a_message_takes_one_message_and_its_bytes() -> None:
    window = SendWindow(4, 100)
    window.take(30)
    assert (window.messages, window.bytes, window.outstanding) == (3, 70, (1, 30))


def test_without_message_credit_even_an_empty_message_waits() -> None:
    window = SendWindow(1, 100)
    window.take(0)
    assert not window.has_room(0)
    window.grant(1, 0)
    assert window.has_room(0)


def test_a_message_larger_than_the_window_may_go_while_half_of_it_is_free() -> None:
    window = SendWindow(10, 100)
    window.take(49)
    assert window.has_room(1000)
    window.take(1000)
    assert window.bytes == -949
    assert not window.has_room(0)


def test_a_message_larger_than_the_credit_waits_once_half_of_the_window_is_outstanding() -> None:
    window = SendWindow(10, 100)
    window.take(50)
    assert window.has_room(50)
    assert not window.has_room(51)


def test_taking_without_room_is_refused_and_changes_nothing() -> None:
    window = SendWindow(1, 10)
    assert window.take(10)
    assert not window.take(1)
    assert window.outstanding == (1, 10)


@pytest.mark.parametrize("grant", [(1, 0), (0, 1), (2**32 - 1, 2**32 - 1)])
def test_credit_beyond_the_announced_window_is_a_protocol_error(grant: tuple[int, int]) -> None:
    window = SendWindow(4, 100)
    with pytest.raises(ProtocolError) as caught:
        window.grant(*grant)
    assert caught.value.reason == "credit_overflow"
    assert window.outstanding == (0, 0)


def test_a_peer_that_sends_more_messages_than_granted_overruns_the_window() -> None:
    window = ReceiveWindow(2, 100)
    window.receive(1)
    window.receive(1)
    with pytest.raises(ProtocolError) as caught:
        window.receive(1)
    assert caught.value.reason == "window_overrun"


def test_a_peer_that_sends_more_bytes_than_granted_overruns_the_window() -> None:
    window = ReceiveWindow(10, 100)
    window.receive(60)
    with pytest.raises(ProtocolError) as caught:
        window.receive(41)
    assert caught.value.reason == "window_overrun"
    assert window.held == (1, 60)


def test_messages_that_come_together_count_as_one_by_one_or_not_at_all() -> None:
    window = ReceiveWindow(3, 100)
    assert not window.receive_all(2, 101)
    assert not window.receive_all(4, 1)
    assert window.held == (0, 0)
    assert window.receive_all(2, 100)
    assert window.held == (2, 100)
    window.release(100, 2)
    assert window.due() == (2, 100)


def test_released_credit_that_is_not_granted_yet_is_not_the_peers() -> None:
    window = ReceiveWindow(4, 100)
    for _ in range(4):
        window.receive(1)
        window.release(1)
    with pytest.raises(ProtocolError):
        window.receive(1)
    assert window.due() == (4, 4)
    window.receive(1)


def test_nothing_is_due_below_half_of_both_windows() -> None:
    window = ReceiveWindow(4, 100)
    window.receive(49)
    window.release(49)
    assert window.due() is None
    assert window.owed == (1, 49)


def test_a_window_that_grows_gives_its_sender_the_difference_and_credit_comes_back_as_early_as_before() -> None:
    sender, receiver = SendWindow(4, 100), ReceiveWindow(4, 100)
    for _ in range(4):
        sender.take(10)
        receiver.receive(10)
    receiver.resize(40, 1000)
    sender.resize(40, 1000)
    assert (sender.messages, sender.bytes, sender.outstanding, sender.whole) == (36, 960, (4, 40), (40, 1000))
    receiver.release(20, 2)
    assert receiver.due() == (2, 20), "half of the announced window"
    sender.grant(2, 20)
    with pytest.raises(ProtocolError, match="credit_overflow"):
        sender.grant(3, 20)


def test_a_window_that_shrinks_below_what_is_outstanding_lets_nothing_go_until_that_is_granted_back() -> None:
    sender, receiver = SendWindow(4, 100), ReceiveWindow(4, 100)
    sender.resize(40, 1000)
    receiver.resize(40, 1000)
    for _ in range(10):
        sender.take(10)
        receiver.receive(10)
    sender.resize(4, 100)
    assert (sender.messages, sender.has_room(0), sender.outstanding) == (0, False, (10, 100))
    receiver.release(80, 8)
    assert receiver.due() == (8, 80)
    receiver.resize(4, 100)
    sender.grant(8, 80)
    assert (sender.messages, sender.outstanding) == (2, (2, 20))
    assert receiver.received == 10


def test_a_message_larger_than_a_window_that_has_grown_and_shrunk_still_goes() -> None:
    sender = SendWindow(4, 100)
    sender.resize(40, 1000)
    sender.resize(4, 100)
    assert sender.has_room(5000)


@pytest.mark.parametrize("size", [(3, 100), (4, 99)])
def test_no_window_becomes_smaller_than_it_was_announced(size: tuple[int, int]) -> None:
    with pytest.raises(ProtocolError, match="bad_field"):
        SendWindow(4, 100).resize(*size)
    with pytest.raises(ValueError, match="window of"):
        ReceiveWindow(4, 100).resize(*size)


@pytest.mark.parametrize("sizes", [[1, 1], [50]], ids=["half of the messages", "half of the bytes"])
def test_half_of_either_window_is_granted_once(sizes: list[int]) -> None:
    window = ReceiveWindow(4, 100)
    for size in sizes:
        window.receive(size)
        window.release(size)
    assert window.due() == (len(sizes), sum(sizes))
    assert window.due() is None


def test_a_message_that_is_held_is_not_owed() -> None:
    window = ReceiveWindow(1, 1)
    window.receive(1)
    assert window.held == (1, 1)
    assert window.due() is None


@pytest.mark.parametrize("size", [0, 6])
def test_releasing_what_never_arrived_is_refused(size: int) -> None:
    window = ReceiveWindow(4, 100)
    if size:
        window.receive(5)
    with pytest.raises(ValueError, match="did not arrive"):
        window.release(size)


@pytest.mark.parametrize("window", [(0, 1), (1, 0), (-1, 1)])
@pytest.mark.parametrize("kind", [SendWindow, ReceiveWindow])
def test_a_window_without_room_for_anything_is_refused(
    kind: type[SendWindow | ReceiveWindow], window: tuple[int, int]
) -> None:
    with pytest.raises(ValueError, match="at least"):
        kind(*window)


def test_the_windows_show_their_numbers() -> None:
    assert repr(SendWindow(4, 9)) == "<SendWindow 4/4 messages, 9/9 bytes>"
    assert repr(ReceiveWindow(4, 9)) == "<ReceiveWindow 4/4 messages, 9/9 bytes, held 0, owed 0>"


@given(
    st.integers(1, 8),
    st.integers(1, 40),
    st.lists(st.integers(0, 100), min_size=1, max_size=60),
)
def test_a_receiver_that_keeps_up_gets_every_message(messages: int, size: int, sizes: list[int]) -> None:
    """Each message is released before the next is tried: grants by halves must never stop it."""
    send, receive = SendWindow(messages, size), ReceiveWindow(messages, size)
    for payload in sizes:
        assert send.has_room(payload)
        send.take(payload)
        receive.receive(payload)
        receive.release(payload)
        if (grant := receive.due()) is not None:
            send.grant(*grant)


class BothEnds(RuleBasedStateMachine):
    """A sender and a receiver over a lossless pipe that delays messages and grants at will."""

    @initialize(messages=st.integers(1, 6), size=st.integers(1, 30))
    def open(self, messages: int, size: int) -> None:
        self.messages, self.size = messages, size
        self.send, self.receive = SendWindow(messages, size), ReceiveWindow(messages, size)
        self.going: deque[int] = deque()
        self.mailbox: deque[int] = deque()
        self.grants: deque[tuple[int, int]] = deque()
        self.largest = 0

    @rule(payload=st.integers(0, 70))
    def try_to_send(self, payload: int) -> None:
        room = self.send.has_room(payload)  # two ways to say one law
        assert self.send.take(payload) is room
        if room:
            self.going.append(payload)
            self.largest = max(self.largest, payload)

    @precondition(lambda self: self.going)
    @rule()
    def arrive(self) -> None:
        payload = self.going.popleft()
        self.receive.receive(payload)  # raises window_overrun if the rule were unsound
        self.mailbox.append(payload)

    @rule()
    def arrive_together(self) -> None:
        if self.receive.receive_all(len(self.going), sum(self.going)):
            self.mailbox += self.going
            self.going.clear()

    @precondition(lambda self: self.mailbox)
    @rule()
    def dequeue(self) -> None:
        self.receive.release(self.mailbox.popleft())

    @rule()
    def dequeue_all(self) -> None:
        self.receive.release(sum(self.mailbox), len(self.mailbox))
        self.mailbox.clear()

    @rule()
    def ask_what_is_due(self) -> None:
        if (grant := self.receive.due()) is not None:
            self.grants.append(grant)

    @precondition(lambda self: self.grants)
    @rule()
    def grant(self) -> None:
        self.send.grant(*self.grants.popleft())  # raises credit_overflow if the rule were unsound

    @rule(payload=st.integers(0, 70))
    def after_a_quiet_moment_any_message_fits(self, payload: int) -> None:
        while self.going:
            self.arrive()
        while self.mailbox:
            self.dequeue()
        self.ask_what_is_due()
        while self.grants:
            self.grant()
        assert self.send.has_room(payload)

    @invariant()
    def memory_is_bounded(self) -> None:
        held, size = self.receive.held
        assert held <= self.messages
        assert 2 * size <= max(2 * self.size, self.size + 2 * self.largest)

    @invariant()
    def every_credit_is_in_one_place(self) -> None:
        granted = [sum(grant) for grant in zip(*self.grants, strict=True)] or [0, 0]
        owed, held, sent = self.receive.owed, self.receive.held, self.send.outstanding
        assert sent[0] == len(self.going) + held[0] + owed[0] + granted[0]
        assert sent[1] == sum(self.going) + held[1] + owed[1] + granted[1]


TestBothEnds = BothEnds.TestCase
TestBothEnds.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
