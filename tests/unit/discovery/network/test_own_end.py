"""A node says in time that its own certificate comes to its end, and not more than once a day."""

from __future__ import annotations

import math

import pytest
from authorities import DAY, NOW, issued, new_authority

from peerbus.discovery.network import own_end
from peerbus.discovery.network.own_end import OwnEnd
from peerbus.transports.streams.identity import Identity


def test_it_warns_when_a_third_is_left_once_a_day_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(own_end, "log", _Log(told))
    certificate = issued(new_authority(), Identity.from_seed(b"a" * 32), begins=NOW, ends=NOW + 9 * DAY)
    watch = OwnEnd("alice")
    assert watch.look(None, NOW) == math.inf
    assert watch.look(certificate, NOW) == NOW + 6 * DAY
    assert not told
    assert watch.look(certificate, NOW + 6 * DAY) == NOW + 7 * DAY
    assert watch.look(certificate, NOW + 6.5 * DAY) <= NOW + 7.5 * DAY
    assert told == ["this node's certificate ends"]
    assert watch.look(certificate, NOW + 8.5 * DAY) == certificate.ends
    assert watch.look(certificate, certificate.ends) == certificate.ends + DAY
    assert told[1:] == ["this node's certificate ends", "this node's certificate has expired"]
    renewed = issued(new_authority(), Identity.from_seed(b"a" * 32), begins=NOW, ends=NOW + 90 * DAY)
    assert watch.look(renewed, certificate.ends) > certificate.ends
    assert len(told) == 3


class _Log:
    """Keeps what is warned of."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def warning(self, event: str, **_fields: object) -> None:
        """As the log's."""
        self._told.append(event)
