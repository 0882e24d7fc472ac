"""The life of a stream of yamux."""

from __future__ import annotations

import pytest

from peerbus.transports.libp2p.yamux_life import YAMUX_LIVES, YamuxLife, YamuxStep, next_life


def test_a_stream_is_over_when_both_sides_have_ended_in_either_order() -> None:
    here, there = YamuxStep.END_HERE, YamuxStep.END_THERE
    for steps in ((here, there), (there, here)):
        life = YamuxLife.OPEN
        for step in steps:
            assert life is not YamuxLife.OVER
            life = next_life(life, step)
            assert next_life(life, step) is life
        assert life is YamuxLife.OVER


@pytest.mark.parametrize("life", YamuxLife)
def test_a_drop_ends_it_at_any_time_and_nothing_comes_after(life: YamuxLife) -> None:
    assert next_life(life, YamuxStep.RESET) is YamuxLife.OVER
    assert YAMUX_LIVES[YamuxLife.OVER] == {}
