"""A window of a channel that has a rate: all that it grants is paid for, and nobody waits for ever."""

from __future__ import annotations

from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from peerbus.actors import Rate
from peerbus.transports.lanes import RatedWindow, unrated
from peerbus.transports.lanes.ask_limit import AskLimit
from peerbus.transports.lanes.credit import ReceiveWindow
from peerbus.transports.rules import PeerBuckets


class Receiver:
    """Its window, a clock that is moved by hand, and when it is to look again."""

    def __init__(self, rate: Rate, messages: int = 10, size: int = 1000, limit: AskLimit | None = None) -> None:
        self.now = 0.0
        self.again: list[float] = []
        self.buckets = PeerBuckets(rate, 0.0)
        plain = ReceiveWindow(messages, size)
        self.window = RatedWindow(plain, self.buckets, limit, lambda: self.now, self.again.append)

    def take(self, sizes: list[int]) -> None:
        for size in sizes:
            self.window.receive(size)
            self.window.release(size)


def test_it_grants_what_there_are_tokens_for_and_says_when_to_look_again() -> None:
    receiver = Receiver(Rate(messages=10, messages_burst=10))
    receiver.take([10] * 10)
    assert receiver.window.due() == (0, 100)
    receiver.now += receiver.again.pop()
    assert receiver.window.due() == (1, 0)
    assert (receiver.window.owed, receiver.window.received) == ((9, 0), 10)
    receiver.now += 0.5
    assert receiver.window.due() == (5, 0)
    view = receiver.window.view()
    assert (view.rate, view.held, view.asks) == ("10 messages/s, 10 at once", 4, None)
    assert view.stood == receiver.now


@given(
    turns=st.lists(st.tuples(st.integers(0, 6), st.integers(1, 300), st.floats(0.0, 0.3)), max_size=30),
    rate=st.builds(
        Rate,
        messages=st.none() | st.sampled_from([5.0, 50.0]),
        bytes=st.none() | st.sampled_from([100.0, 5000.0]),
    ),
)
def test_in_any_time_there_comes_a_burst_and_what_is_refilled_and_in_the_end_all_credit_is_back(
    turns: list[tuple[int, int, float]], rate: Rate
) -> None:
    most = min(10, int(rate.most_messages)) if rate.messages else 10
    receiver = Receiver(rate, most, min(1000, int(rate.most_bytes)) if rate.bytes else 1000)
    window, came = receiver.window, 0
    for count, size, pause in turns:
        for _ in range(count):
            messages, left = window.credit
            if messages and size <= left:
                receiver.take([size])
                came += 1
        window.due()
        receiver.now += pause
        if rate.messages is not None:
            assert came <= rate.most_messages + rate.messages * receiver.now + 1e-6
    for _ in range(400):
        window.due(at_once=True)
        receiver.now += 1.0
    assert window.owed == (0, 0)
    assert window.credit == window.whole


def test_credit_and_open_asks_together_are_no_more_than_may_be_in_flight() -> None:
    limit = AskLimit(4, cast("Any", type("Answers", (), {"now": float})()))
    receiver = Receiver(Rate(asks=4), messages=4, limit=limit)
    limit.opened(4)
    receiver.take([10] * 4)
    assert receiver.window.due() == (0, 40)
    limit.ended()
    assert receiver.window.due() == (1, 0)
    assert receiver.again == []  # an answer makes it look, and no clock


def test_what_ends_gives_its_credit_back_and_a_plain_window_goes_on_where_it_was() -> None:
    receiver = Receiver(Rate(messages=10, messages_burst=10))
    receiver.take([10] * 4)
    plain = unrated(receiver.window)
    receiver.window.end()
    assert receiver.buckets.levels(0.0) == (6.0, None)
    assert type(plain) is ReceiveWindow
    assert (plain.owed, plain.received, plain.due(at_once=True)) == ((4, 40), 4, (4, 40))
