"""Each lever is one command to the peer manager; what is malformed is refused before anything is pulled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from peerbus.actors import ConfigError
from peerbus.actors.sends import DELIVERED, Outcome
from peerbus.discovery.mind import (
    AddPersistent,
    AddSeed,
    BanPeer,
    ClosePeer,
    DialPeer,
    Drain,
    Lever,
    LeverResult,
    RemovePersistent,
    RemoveSeed,
    SetScore,
    UnbanPeer,
)
from peerbus.node.views.levers import NodeLevers
from peerbus.transports import Endpoint

A, HERE = "a" * 64, "tcp://10.0.0.1:7400"
PLACE = Endpoint.parse(HERE)


class Levers(NodeLevers):
    """Writes down what is pulled."""

    def __init__(self) -> None:
        self.pulled: list[Lever] = []

    def _pull(self, lever: Lever) -> Outcome[LeverResult]:
        self.pulled.append(lever)
        return cast("Outcome[LeverResult]", DELIVERED)


@pytest.mark.parametrize(
    ("pull", "lever"),
    [
        (lambda node: node.dial(HERE), DialPeer(PLACE)),
        (lambda node: node.dial(A), DialPeer(A)),
        (lambda node: node.disconnect(A), ClosePeer(A, "operator")),
        (lambda node: node.ban(A, seconds=60), BanPeer(A, 60, "operator")),
        (lambda node: node.unban(A), UnbanPeer(A)),
        (lambda node: node.add_persistent(HERE), AddPersistent(PLACE)),
        (lambda node: node.remove_persistent(HERE), RemovePersistent(PLACE)),
        (lambda node: node.add_seed(HERE), AddSeed(PLACE)),
        (lambda node: node.remove_seed(HERE), RemoveSeed(PLACE)),
        (lambda node: node.set_score(A, 7.0), SetScore(A, 7.0)),
        (lambda node: node.drain(within=1.0), Drain(on=True, within=1.0)),
        (lambda node: node.undrain(), Drain(on=False)),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_lever_says_to_the_manager_what_the_operator_means(pull: Callable[[Levers], Any], lever: Lever) -> None:
    node = Levers()
    pull(node)
    assert node.pulled == [lever]


@pytest.mark.parametrize(
    ("pull", "complaint"),
    [
        (lambda node: node.dial("tcp://10.0.0.1:0"), "dial: "),
        (lambda node: node.ban("10.0.0.1/40"), "ban: "),
        (lambda node: node.unban("nobody"), "unban: "),
        (lambda node: node.add_persistent("nowhere"), "add_persistent: "),
        (lambda node: node.remove_seed("tcp://"), "remove_seed: "),
        (lambda node: node.ban(A, seconds=cast("float", "60")), "ban: '60' is no number"),
        (lambda node: node.ban(A, reason="a\nb"), "ban: 'a.*' is no reason"),
        (lambda node: node.disconnect(A, reason="x" * 201), "disconnect: 'x*… is no reason"),
        (lambda node: node.set_score(A, True), "set_score: True is no number"),
        (lambda node: node.drain(within=-1), "drain: -1.* is out of range"),
    ],
)
def test_what_is_malformed_is_named_by_the_lever_and_pulls_nothing(
    pull: Callable[[Levers], Any], complaint: str
) -> None:
    node = Levers()
    with pytest.raises(ConfigError, match=f"^{complaint}"):
        pull(node)
    assert node.pulled == []
