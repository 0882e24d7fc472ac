"""What follows for a peer from how its connection ended."""

from __future__ import annotations

import random

import pytest

from peerbus.discovery.facts import Attempt, Changes
from peerbus.discovery.mind import PeerManager
from peerbus.discovery.peer import PeerOptions
from peerbus.discovery.shell.endings import judge_end
from peerbus.transports.connection import ConnectionEnded
from peerbus.transports.wire import FLOOD

SELF, PEER = "5" * 64, "1" * 64


def manager() -> PeerManager:
    made = PeerManager(SELF, PeerOptions(), random.Random(0))
    made.authenticated(Attempt(PEER, 1, "key"), 0.0)
    made.ready(PEER, "key", 0.0)
    return made


def ended(reason: str, *, fault: bool) -> ConnectionEnded:
    return ConnectionEnded(PEER, reason, "", fault=fault)


@pytest.mark.parametrize("reason", ["bad_frame", "window_overrun", "part_budget", "unread"])
def test_every_fault_on_the_wire_costs_points_and_some_of_them_a_ban(reason: str) -> None:
    mind = manager()
    for number in range(1, 5):
        assert judge_end("node", mind, ended(reason, fault=True), Changes(), 0.0) == Changes()
        view = mind.view(PEER, 0.0)
        assert view is not None
        assert view.score == -20.0 * number
    judge_end("node", mind, ended(reason, fault=True), Changes(), 0.0)
    assert [ban.reason for ban in mind.snapshot(0.0).bans] == ["protocol"]


def test_a_flood_costs_a_ban_at_once() -> None:
    mind = manager()
    judge_end("node", mind, ended(FLOOD, fault=True), Changes(), 0.0)
    assert [ban.reason for ban in mind.snapshot(0.0).bans] == ["flood"]


@pytest.mark.parametrize("reason", ["closed", "broken", "silent", "superseded"])
def test_an_end_that_is_no_fault_costs_nothing(reason: str) -> None:
    mind = manager()
    judge_end("node", mind, ended(reason, fault=False), Changes(), 0.0)
    view = mind.view(PEER, 0.0)
    assert view is not None
    assert view.score == 0.0
