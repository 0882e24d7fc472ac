"""What a send says beyond its receiver is checked when it is said."""

from __future__ import annotations

from typing import Any

import pytest

from peerbus.actors import Share
from peerbus.actors.messages.how import WAITS, How


@pytest.mark.parametrize("said", [{}, {"hedge": 0}, {"hedge": 0.05}, {"quorum": 1}, {"quorum": Share(0.67)}])
def test_what_is_in_range_is_taken(said: dict[str, Any]) -> None:
    how = How(**said)
    assert (how.hedge, how.quorum) == (said.get("hedge"), said.get("quorum"))
    assert not how.wait_for_peer


@pytest.mark.parametrize(
    ("said", "error", "text"),
    [
        ({"hedge": -0.1}, ValueError, "at least 0 seconds"),
        ({"hedge": float("nan")}, ValueError, "at least 0 seconds"),
        ({"hedge": 10**400}, ValueError, "an integer of 1329 bits; write seconds"),
        ({"hedge": "1"}, TypeError, "write seconds"),
        ({"hedge": True}, TypeError, "write seconds"),
        ({"quorum": 0}, ValueError, "at least 1"),
        ({"quorum": 0.67}, ValueError, r"Share\(0.67\)"),
        ({"quorum": 2.0}, TypeError, "write a whole number"),
        ({"quorum": "2"}, TypeError, "write a number"),
        ({"quorum": True}, TypeError, "write a number"),
    ],
)
def test_what_is_not_names_what_to_write(said: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        How(**said)


def test_a_send_that_only_waits_for_a_peer_says_no_more() -> None:
    assert How(wait_for_peer=True) == WAITS
    assert (WAITS.hedge, WAITS.quorum) == (None, None)
