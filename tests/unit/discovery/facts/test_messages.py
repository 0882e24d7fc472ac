"""What the peer manager may be told by any actor: values, with what most callers mean as defaults."""

from __future__ import annotations

import dataclasses

import pytest

from peerbus.actors.messages import Capability
from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.facts.messages import (
    AdvertisePeers,
    AnnounceMyself,
    FoundPeer,
    LostPeer,
    Offer,
    PeerWasUseful,
    ReportPeer,
)
from peerbus.discovery.facts.scores import WEIGHTS, ScoreReason

A = "a" * 64


@pytest.mark.parametrize(
    "message",
    [
        FoundPeer(Candidate(A, ())),
        LostPeer(A, "mdns"),
        ReportPeer(A, ScoreReason.TOO_SOON),
        PeerWasUseful(A),
        AdvertisePeers(A, 8),
        AnnounceMyself(None),
        Offer((Capability("archive"),)),
    ],
    ids=lambda each: type(each).__name__,
)
def test_each_is_a_value_that_nobody_changes(message: object) -> None:
    assert dataclasses.is_dataclass(message)
    assert not isinstance(message, type)
    assert message == dataclasses.replace(message)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(message, dataclasses.fields(message)[0].name, None)


def test_use_counts_once_and_advice_asks_for_any_role() -> None:
    assert PeerWasUseful(A).times == 1
    assert AdvertisePeers(A, 8).role is None


def test_what_can_be_reported_costs_points() -> None:
    assert WEIGHTS[ReportPeer(A, ScoreReason.TOO_SOON).reason] < 0
