"""What the mind of peer exchange says is a value, whose faults the peer manager has weights for."""

from __future__ import annotations

import dataclasses
from random import Random

import pytest

from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.facts.scores import WEIGHTS, ScoreReason
from peerbus.discovery.pex.options import PexOptions
from peerbus.discovery.pex.pex import Pex
from peerbus.discovery.pex.values import SOURCE, Fault, News, PexStatistics, Poll, Refusal

A, B = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    "value",
    [Poll(1, A, "archive", 8), Fault(A, "no_answer"), Refusal("unknown", "only connected peers are answered"), News()],
    ids=lambda value: type(value).__name__,
)
def test_each_is_a_value_that_nobody_changes(value: object) -> None:
    assert dataclasses.is_dataclass(value)
    assert not isinstance(value, type)
    assert value == dataclasses.replace(value)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, dataclasses.fields(value)[0].name, None)


def test_without_news_nothing_follows() -> None:
    assert News() == News(found=(), lost=(), faults=())
    assert News(found=(Candidate(A, (), source=SOURCE),)) != News()


def test_a_fault_that_the_mind_finds_costs_points() -> None:
    pex = Pex(A, "demo", PexOptions(), Random(0))
    refusal = pex.asked(B, 0.0)
    assert isinstance(refusal, Refusal)
    for fault in pex.unsolicited(B).faults:
        assert WEIGHTS[ScoreReason(fault.reason)] < 0


def test_a_mind_that_has_heard_nothing_has_counted_nothing() -> None:
    counted = Pex(A, "demo", PexOptions(), Random(0)).statistics()
    assert isinstance(counted, PexStatistics)
    assert {value for value in dataclasses.asdict(counted).values() if not isinstance(value, dict)} == {0}
