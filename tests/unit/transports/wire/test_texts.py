"""Texts of a peer and for one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from some_frames import decode

from peerbus.transports.wire import frames as wire
from peerbus.transports.wire.frame_encoder import FrameEncoder
from peerbus.transports.wire.texts import clip


@given(st.text(st.characters(), max_size=600), st.integers(0, 700))
def test_clipped_text_is_a_prefix_that_fits_and_can_be_sent(text: str, limit: int) -> None:
    clipped = clip(text, limit)
    assert len(clipped.encode()) <= limit
    if text.isascii():
        assert clipped == text[:limit]
    assert decode(FrameEncoder().encode(wire.GoAway("why", clip(text)))) != []


def test_text_that_utf8_cannot_hold_is_replaced() -> None:
    assert clip("a\ud800b") == "a?b"
