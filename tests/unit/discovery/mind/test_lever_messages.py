"""Each lever that the operator pulls does what its message says."""

from __future__ import annotations

import ipaddress

import pytest
from minds import ONE, TWO, connected, known, mind, place

from peerbus.actors import Rate
from peerbus.discovery.facts.commands import Changes, Refuse
from peerbus.discovery.mind.lever_messages import (
    LEVERS,
    AddPersistent,
    AddSeed,
    BanPeer,
    ClosePeer,
    DialPeer,
    Drain,
    ForgetPeer,
    Lever,
    LeverResult,
    RemovePersistent,
    RemoveSeed,
    SetPermissions,
    SetRates,
    SetScore,
    UnbanPeer,
    pull,
)
from peerbus.discovery.mind.levers import Levers
from peerbus.transports.rules import PeerRates, Permissions

EACH: list[Lever] = [
    DialPeer(TWO),
    ClosePeer(ONE, "enough"),
    BanPeer(ONE, 10.0),
    UnbanPeer(ipaddress.ip_network("10.9.0.0/16")),
    AddPersistent(place(7)),
    RemovePersistent(place(8)),
    AddSeed(place(9)),
    RemoveSeed(place(10)),
    SetScore(TWO, 7.0),
    SetPermissions(Permissions(tell=[])),
    SetRates(PeerRates(Rate(messages=10))),
    ForgetPeer(TWO),
    Drain(),
]


def test_every_lever_is_tried_here() -> None:
    assert tuple(map(type, EACH)) == LEVERS


@pytest.mark.parametrize("lever", EACH, ids=lambda lever: type(lever).__name__)
def test_a_lever_takes_effect_once(lever: Lever) -> None:
    state = mind()
    connected(state, ONE)
    known(state, TWO, 2)
    levers = Levers(state)
    levers.ban(ipaddress.ip_network("10.9.0.0/16"), 99.0, "operator", 0.0)
    levers.add_persistent(place(8), 0.0)
    levers.add_seed(place(10), 0.0)
    assert isinstance(pull(levers, lever, 1.0), Changes), lever


def test_what_stands_against_it_is_said() -> None:
    levers = Levers(mind())
    for lever in (ClosePeer(ONE, "enough"), UnbanPeer(ONE), DialPeer(ONE), SetScore(ONE, 1.0), ForgetPeer(ONE)):
        refusal = pull(levers, lever, 0.0)
        assert isinstance(refusal, Refuse), lever
        assert refusal.text


def test_a_ban_without_an_end_is_for_ever() -> None:
    state = mind()
    pull(Levers(state), BanPeer(ONE), 0.0)
    ban = state.bans.of(ONE, None, 1e12)
    assert ban is not None
    assert ban.reason == "operator"


def test_a_result_is_true_where_it_is_done() -> None:
    assert LeverResult(True)
    assert not LeverResult(False, "unknown", "who?")
