"""A requirement counts peers, and says in words what it wants."""

from __future__ import annotations

from typing import Any

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.discovery.facts.require import Require


@pytest.mark.parametrize(
    ("require", "connected", "wanted"),
    [
        (Require(role="archive", at_least=2), 0, 2),
        (Require(role="archive", share=0.3), 10, 3),
        (Require(role="archive", share=0.3), 11, 4),
        (Require(role="archive", at_least=2, share=0.5), 3, 2),
        (Require(role="archive", at_least=2, share=0.5), 9, 5),
        (Require(role="archive", share=1.0), 0, 0),
    ],
)
def test_of_a_number_and_a_share_the_larger_counts(require: Require, connected: int, wanted: int) -> None:
    assert require.wanted(connected) == wanted


@pytest.mark.parametrize(("at_least", "share"), [(0, 0.0), (-1, 0.5), (1, 1.5), (1, -0.1)])
def test_what_requires_nothing_or_too_much_is_refused(at_least: int, share: float) -> None:
    with pytest.raises(ConfigError, match="require archive: at_least is 1 or more"):
        Require(role="archive", at_least=at_least, share=share)


@pytest.mark.parametrize("said", [{"at_least": float("inf")}, {"at_least": True}, {"at_least": "2"}, {"share": None}])
def test_what_is_no_number_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="require archive: at_least is a whole number"):
        Require(role="archive", **said)


def test_a_malformed_role_is_refused() -> None:
    with pytest.raises(ConfigError, match="require:"):
        Require(role="no role", at_least=1)


def test_it_says_what_it_wants() -> None:
    assert str(Require(role="archive", at_least=2, share=0.25)) == "at least 2 and 25% of the peers with archive"
