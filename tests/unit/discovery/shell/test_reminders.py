"""What the peer manager tells itself are values."""

from __future__ import annotations

from peerbus.discovery.shell.reminders import Flush, Moved, Renew


def test_they_are_values() -> None:
    assert Renew() == Renew()
    assert Flush() == Flush()
    assert Moved(really=True) != Moved(really=False)
