"""The time of each who stands is counted, and of nobody else."""

from __future__ import annotations

import pytest

from peerbus.transports.lanes import standing_time
from peerbus.transports.lanes.standing_time import StandingTime


def test_the_seconds_are_those_of_all_who_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 5.0, 6.0, 8.0, 18.0])
    monkeypatch.setattr(standing_time, "monotonic", lambda: next(times))
    standing = StandingTime()
    assert standing.count(0) == 0.0
    assert standing.count(1) == 1.0
    assert standing.count(3) == 7.0
    assert standing.count(0) == 7.0
