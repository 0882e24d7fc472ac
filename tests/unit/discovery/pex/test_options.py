"""Options of peer exchange that contradict each other are refused where they are made."""

from __future__ import annotations

import math

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.discovery.pex.options import PexOptions


def test_the_defaults_are_in_order() -> None:
    options = PexOptions()
    assert options.min_interval <= options.max_interval <= options.full_interval


@pytest.mark.parametrize(
    ("least", "most", "full"), [(1.9, 60, 300), (61, 60, 300), (2, 301, 300), (2, 60, math.inf), (math.nan, 60, 300)]
)
def test_intervals_out_of_order_are_refused(least: float, most: float, full: float) -> None:
    with pytest.raises(ConfigError, match="2 <= min <= max <= full"):
        PexOptions(min_interval=least, max_interval=most, full_interval=full)


@pytest.mark.parametrize("within", [0.0, -1.0, math.inf, math.nan])
def test_an_answer_has_some_time_and_not_for_ever(within: float) -> None:
    with pytest.raises(ConfigError, match="answer_within"):
        PexOptions(answer_within=within)


def test_at_least_one_record_is_remembered() -> None:
    with pytest.raises(ConfigError, match="max_records must be 1 or more, got 0"):
        PexOptions(max_records=0)
