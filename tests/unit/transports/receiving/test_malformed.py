"""Messages that are not what their channel declares have a bound, in number and in bytes, and few lines of the log."""

from __future__ import annotations

import logging

import pytest

from peerbus.actors import ProtocolError
from peerbus.transports.receiving.malformed import LOGGED_REFUSALS, Malformed
from peerbus.transports.wire.allowances import BOUNDS, FLOOD


def taken(size: int) -> int:
    """How many of this size may come at once."""
    malformed = Malformed("here", "f" * 64, lambda: 0.0)
    came = 0

    def send_on() -> None:
        nonlocal came
        while True:
            malformed.spend(size)
            came += 1

    with pytest.raises(ProtocolError, match=FLOOD):
        send_on()
    return came


def test_large_ones_may_be_few_and_small_ones_many() -> None:
    most = BOUNDS["malformed"][0]
    assert taken(100) == most
    assert 10 < taken(1 << 20) < most / 200


def test_some_are_logged_and_all_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    malformed = Malformed("here", "f" * 64, lambda: 0.0)
    with caplog.at_level(logging.WARNING):
        for _ in range(LOGGED_REFUSALS + 5):
            malformed.told("blocks", 10, ValueError("no such field"))
    assert malformed.tells == LOGGED_REFUSALS + 5
    assert len([record for record in caplog.records if "message refused" in record.getMessage()]) == LOGGED_REFUSALS
