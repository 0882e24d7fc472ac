"""The worst of what was found is what the whole comes to."""

from __future__ import annotations

from peerbus.operate.doctor.diagnosis import Health, failed, ok, warning, worst


def test_the_worst_verdict_is_that_of_all() -> None:
    well, odd, bad = ok("key", "is ours"), warning("mdns", "is silent", "start others"), failed("listen", "no", "move")
    assert worst([]) is worst([well]) is Health.OK
    assert worst([well, odd, well]) is Health.WARNING
    assert worst([odd, bad, well]) is Health.FAILED
