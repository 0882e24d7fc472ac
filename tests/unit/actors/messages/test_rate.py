"""How much one peer may send on one channel."""

from __future__ import annotations

import math

import pytest

from peerbus.actors import Channel, Message, Rate


class Note(Message):
    number: int


def test_a_burst_is_what_a_second_brings_unless_it_is_said() -> None:
    assert (Rate(messages=2.5).most_messages, Rate(messages=0.1).most_messages) == (3, 1)
    assert (Rate(bytes=100, bytes_burst=7).most_bytes, Rate(messages=1).most_bytes) == (7, math.inf)
    assert str(Rate(messages=10, messages_burst=20, asks=4)) == "10 messages/s, 20 at once; 4 asks in flight"
    assert str(Rate()) == "no limit"


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"messages": 0}, "messages is 0; write how many a second"),
        ({"bytes": math.inf}, "bytes is inf"),
        ({"messages_burst": 5}, "messages_burst needs a rate: write messages"),
        ({"bytes": 5, "bytes_burst": 0}, "bytes_burst is 0; write 1 or more"),
        ({"asks": 0}, "asks is 0; write 1 or more"),
        ({"asks": 1.5}, "asks is 1.5; write 1 or more, a whole number"),
        ({"messages": 5, "messages_burst": 2.5}, "messages_burst is 2.5; write 1 or more, a whole number"),
        ({"messages": "5"}, "messages is '5'; write how many a second, as a number"),
        ({"bytes": True}, "bytes is True; write how many a second, as a number"),
    ],
)
def test_a_limit_that_is_none_is_refused(limits: dict[str, float], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Rate(**limits)  # type: ignore[arg-type]


def test_a_channel_may_say_its_own() -> None:
    assert Channel("notes", messages=(Note,), rate=Rate(messages=5)).tuned(window=7).rate == Rate(messages=5)
    with pytest.raises(TypeError, match=r"rate is 5; write Rate\(messages=…\)"):
        Channel("notes", messages=(Note,), rate=5)  # type: ignore[call-overload]
