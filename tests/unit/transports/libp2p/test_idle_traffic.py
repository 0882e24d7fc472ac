"""What carries nothing is paid for by what does, and by time."""

from __future__ import annotations

import pytest

from peerbus.transports.libp2p.idle_traffic import FORGIVEN, IDLE_BYTES, IdleTraffic


def test_what_carries_pays_for_what_does_not_and_nothing_is_saved_up() -> None:
    idle = IdleTraffic(0.0)
    idle.came(-10 * IDLE_BYTES)
    assert not idle.came(IDLE_BYTES)
    assert idle.came(1)
    assert not idle.came(-1)


def test_time_forgives_and_no_more_than_it_has_passed() -> None:
    idle = IdleTraffic(100.0)
    idle.came(int(IDLE_BYTES + FORGIVEN))
    idle.check(101.0)
    assert idle.came(1)
    with pytest.raises(ValueError, match="carry nothing"):
        idle.check(101.0)
