"""Seconds of a stream are numbers, or nothing is sent."""

from __future__ import annotations

from math import inf

import pytest

from peerbus.actors.stream_sends import check_times


def test_times_are_numbers_or_none() -> None:
    assert check_times(None, 1.5) == (None, 1.5)
    assert check_times(inf, 2) == (inf, 2.0)
    with pytest.raises(TypeError, match="the timeout is 'soon'"):
        check_times(1.0, "soon")  # type: ignore[arg-type]  # what this is about
