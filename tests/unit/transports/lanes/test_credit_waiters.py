"""Those who wait keep their order, and the time of each counts as long as it waits."""

from __future__ import annotations

from typing import Any

import pytest

from peerbus.actors.mailbox import Envelope
from peerbus.transports.lanes import standing_time
from peerbus.transports.lanes.credit_waiters import CreditWaiters


class Sender:
    """One who waits."""

    withdrawn = ""

    def __init__(self, name: str) -> None:
        self.envelope = Envelope(name)

    def admitted(self) -> bool:
        return True

    def refused(self, error: Any) -> None: ...


def test_they_go_in_the_order_in_which_they_came(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(standing_time, "monotonic", lambda: now)
    waiters = CreditWaiters()
    assert not waiters
    one, two, three = map(Sender, ("one", "two", "three"))
    for each in (one, two, three):
        waiters.add(each, now)
    now = 2.0
    assert waiters.first() is one
    assert waiters.remove(one)
    assert not waiters.remove(one)
    now = 3.0
    assert waiters.stood == 3 * 2.0 + 2 * 1.0
    assert waiters.take_all() == [two, three]
    now = 9.0
    assert (len(waiters), waiters.stood) == (0, 8.0)
