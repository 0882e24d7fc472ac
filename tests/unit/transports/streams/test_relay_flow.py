"""Numbered messages with credit, over a relay that may lose, double, change and invent them."""

from __future__ import annotations

import random

import pytest

from peerbus.actors.base import StreamBroken
from peerbus.transports.streams.relay_flow import CREDIT, DATA, END, RESET, FlowIn, FlowOut


def messages(out: FlowOut) -> list[bytes]:
    return [b"".join(parts) for parts in out.data()]


@pytest.mark.parametrize("seed", range(10))
def test_bytes_arrive_as_they_were_and_never_more_than_was_granted(seed: int) -> None:
    rng = random.Random(seed)
    window, out = rng.choice([1, 7, 100, 4096]), FlowOut(rng.choice([1, 3, 64, 5000]))
    back, into, there = FlowOut(100), FlowIn(window), FlowIn(0)
    out.granted(window)
    sent, got, unread = b"", b"", 0
    while len(got) < 20_000:
        data = rng.randbytes(rng.randint(0, 300))
        sent += data
        out.put(data)
        for message in messages(out):
            kind, body = into.message(message)
            assert kind == DATA
            got += body
            unread += len(body)
        assert unread <= window
        if rng.random() < 0.5:
            window = rng.choice([window, max(1, window // 2), 2 * window])
            size = into.to_grant(window)
            if size:
                kind, body = there.message(back.grant(size))
                assert kind == CREDIT
                out.granted(int.from_bytes(body, "big"))
            unread = 0
    assert sent.startswith(got)
    assert out.unsent == len(sent) - len(got)


@pytest.mark.parametrize("fault", ["lost", "doubled", "swapped"])
def test_a_relay_that_loses_doubles_or_swaps_breaks_the_flow(fault: str) -> None:
    out, into = FlowOut(10), FlowIn(100)
    out.granted(100)
    out.put(bytes(30))
    first, second, third = messages(out)
    into.message(first)
    wrong = {"lost": third, "doubled": first, "swapped": third}[fault]
    with pytest.raises(StreamBroken, match="missing"):
        into.message(wrong)
    del second


@pytest.mark.parametrize(
    "message", [b"", b"D\0\0", b"D\0\0\0\0" + bytes(101), b"C\0\0\0\0\0", b"?\0\0\0\0", bytes([END]) + b"\0\0\0\1"]
)
def test_what_is_no_message_of_the_flow_breaks_it(message: bytes) -> None:
    with pytest.raises(StreamBroken):
        FlowIn(100).message(message)


def test_a_reset_needs_no_number_and_the_end_does() -> None:
    assert FlowIn(1).message(bytes([RESET, 0, 0, 9, 9]))[0] == RESET
    into = FlowIn(1)
    assert into.message(FlowOut(1).head(END))[0] == END


def test_a_window_that_shrinks_is_returned_to_by_granting_less() -> None:
    out, into = FlowOut(1000), FlowIn(1000)
    out.granted(1000)
    out.put(bytes(1000))
    (message,) = messages(out)
    into.message(message)
    assert into.to_grant(400) == 400
    assert into.granted == 400
    assert into.to_grant(400) == 0
