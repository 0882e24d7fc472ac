"""Whether a machine that cannot multicast is told so."""

from __future__ import annotations

import pytest

from peerbus.actors import PeerbusError
from peerbus.operate.demo import multicast as demo_multicast


def test_loopback_carries_multicast_here() -> None:
    demo_multicast.check_multicast()


def test_a_machine_that_carries_none_is_told_what_to_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_multicast, "LOOPBACK", "192.0.2.1")  # an address that no machine has (RFC 5737)
    with pytest.raises(PeerbusError, match=r"carries no multicast on 192\.0\.2\.1 .* interface lo is up"):
        demo_multicast.check_multicast()
