"""What subscribers of discovery hear is a value, and one type says all that they may hear."""

from __future__ import annotations

import dataclasses
import math
from typing import get_args

import pytest

from peerbus import discovery
from peerbus.discovery.facts.bans import Ban
from peerbus.discovery.facts.connection_view import Direction
from peerbus.discovery.facts.events import (
    Candidate,
    PeerBanned,
    PeerDown,
    PeerEvent,
    PeerUnbanned,
    PeerUp,
    RequirementMet,
    RequirementUnmet,
)
from peerbus.discovery.facts.require import Require
from peerbus.transports.streams.endpoint import Endpoint

A = "a" * 64
ARCHIVES = Require(role="archive", at_least=2)
EACH = (
    PeerUp(A, 1, Direction.DIALED),
    PeerDown(A, "restarted"),
    PeerBanned(Ban(A, math.inf, "operator")),
    PeerUnbanned(A),
    RequirementMet(ARCHIVES, 2, 2),
    RequirementUnmet(ARCHIVES, 1, 2, "unknown", "nobody else is known"),
)


def test_subscribers_can_name_each_event_from_the_public_package() -> None:
    assert {type(each) for each in EACH} == set(get_args(PeerEvent))
    assert all(getattr(discovery, type(each).__name__) is type(each) for each in EACH)


@pytest.mark.parametrize("event", EACH, ids=lambda each: type(each).__name__)
def test_an_event_is_a_value_that_nobody_changes(event: PeerEvent) -> None:
    assert event == dataclasses.replace(event)
    assert len({event, dataclasses.replace(event)}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(event, dataclasses.fields(event)[0].name, None)


def test_a_candidate_claims_no_more_than_its_source_said() -> None:
    said = Candidate(A, (Endpoint.parse("tcp://10.0.0.1:7000"),))
    assert (said.roles, said.source, said.told_by, said.record) == ((), "mdns", None, None)
