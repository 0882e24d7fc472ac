"""The options of gossip: what is out of range is refused."""

from __future__ import annotations

import pytest

from peerbus.patterns import GossipOptions


@pytest.mark.parametrize(
    "wrong",
    [{"keep": 0}, {"keep": 10, "remember": 9}, {"keep_bytes": 0}, {"keep_for": 0.0}, {"eager": 0}, {"exchange": 0.0}],
)
def test_what_is_out_of_range_is_refused_and_the_text_says_all(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="1 <= keep <= remember"):
        GossipOptions(**wrong)  # type: ignore[arg-type]  # numbers, as the case may be
