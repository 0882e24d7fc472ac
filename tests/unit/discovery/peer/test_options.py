"""The limits and times of a peer manager."""

from __future__ import annotations

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.discovery.peer.options import PeerOptions


def test_the_defaults_are_valid_and_persistent_peers_are_retried_sooner() -> None:
    options = PeerOptions()
    assert (options.max_connected, options.max_outgoing, options.max_known) == (64, 16, 260)
    assert options.retry_persistent.most < options.retry.most


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"max_connected": -1}, "max_connected must be 1"),
        ({"max_outgoing": -1}, "max_outgoing must be 0"),
        ({"max_connected": 0}, "max_connected must be 1 or more, got 0; None is no limit"),
        ({"max_known": 0}, "max_known must be 1 or more, got 0; None is no limit"),
        ({"max_known": -1}, "max_known must be 1"),
        ({"max_connected": None}, "max_known 260 needs a max_connected"),
        ({"max_connected": 257}, "max_known 260 needs a max_connected"),
        ({"max_connected_upgrade": -1}, "max_connected_upgrade must be 0"),
        ({"score_half_life": 0.0}, "score_half_life"),
        ({"ban_score": 0.0}, "ban_score must be below 0"),
        ({"ban_time": -1.0}, "ban_time"),
        ({"min_retry": 400.0}, "least=400.0 most=300.0"),
        ({"max_retry_persistent": 0.1}, "least=0.25 most=0.1"),
        ({"min_retry": 0.0}, "retry times"),
        ({"retry_jitter": 1.0}, "jitter"),
        ({"banned": {"10.0.0.300"}}, "banned: '10.0.0.300' is no node id"),
        ({"banned": {f"10.0.{n // 256}.{n % 256}" for n in range(4097)}}, "banned: 4097 are too many; at most 4096"),
        ({"disconnect_cooldown": -1.0}, "disconnect_cooldown"),
        ({"stable_after": float("inf")}, "stable_after"),
        ({"stable_after": float("nan")}, "stable_after"),
        ({"max_known": float("nan")}, "max_known must be a whole number, got nan"),
        ({"max_per_address": True}, "max_per_address must be a whole number, got True"),
        ({"max_connected_upgrade": None}, "max_connected_upgrade must be a whole number, got None"),
        ({"ban_time": "60"}, "ban_time must be a number, got '60'"),
        ({"retry_jitter": None}, "retry_jitter must be a number, got None"),
    ],
)
def test_contradictions_are_refused_with_the_values(changes: dict[str, object], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        PeerOptions(**changes)  # type: ignore[arg-type]  # wrong values are what is tried


@pytest.mark.parametrize("known", [68, None])
def test_known_may_equal_connected_with_upgrades_and_none_is_no_limit(known: int | None) -> None:
    assert PeerOptions(max_connected=64, max_known=known).max_known == known


def test_without_a_limit_of_known_peers_connections_need_none() -> None:
    assert PeerOptions(max_connected=None, max_known=None).max_connected is None
