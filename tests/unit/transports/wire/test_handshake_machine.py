"""The handshake: two back to back, with their bytes cut and their steps in any order."""

from __future__ import annotations

from hellos import ALICE, BOB, hello_of
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from some_frames import copied

from peerbus.actors.base.errors import HandshakeFailed
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frames import HANDSHAKE_FRAME_LIMIT, Frame, GoAway
from peerbus.transports.wire.handshake import (
    Handshake,
    HandshakeState,
    PeerHello,
)


class BothSides(RuleBasedStateMachine):
    """Two sides back to back: bytes arrive in any pieces, each says yes or no when it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.sides = (
            Handshake(hello_of(ALICE), dialer=True, expected_id=BOB, authenticated_id=BOB),
            Handshake(hello_of(BOB), dialer=False, authenticated_id=ALICE),
        )
        self.going = [side.start() for side in self.sides]
        self.asked = [False, False]
        self.said: list[str | None] = [None, None]
        self.ended: list[HandshakeFailed | None] = [None, None]

    @rule(side=st.integers(0, 1), size=st.integers(1, 400))
    def arrive(self, side: int, size: int) -> None:
        """Some of what `side` sent arrives at the other."""
        other = self.sides[1 - side]
        if not self.going[side] or other.state in (HandshakeState.ESTABLISHED, HandshakeState.FAILED):
            return  # the rest is for whoever reads the stream next
        data, self.going[side] = self.going[side][:size], self.going[side][size:]
        try:
            events = other.receive(data)
        except HandshakeFailed as error:
            self.ended[1 - side] = error
            return
        self.asked[1 - side] |= any(isinstance(event, PeerHello) for event in events)

    @rule(side=st.integers(0, 1))
    def accept(self, side: int) -> None:
        if self.asked[side] and self.said[side] is None and self.sides[side].state is not HandshakeState.FAILED:
            self.going[side] += self.sides[side].accept()
            self.said[side] = "yes"

    @rule(side=st.integers(0, 1))
    def reject(self, side: int) -> None:
        if self.sides[side].state not in (HandshakeState.ESTABLISHED, HandshakeState.FAILED):
            self.going[side] += self.sides[side].reject("full", "no place")
            self.said[side] = "no"

    @invariant()
    def whoever_failed_was_told_no_and_has_nothing_to_add(self) -> None:
        for side, error in enumerate(self.ended):
            if error is not None:
                assert (error.by_peer, error.reason) == (True, "full")
                assert self.said[1 - side] == "no"
                assert self.sides[side].to_send() == b""

    @invariant()
    def nobody_is_established_against_the_will_of_either(self) -> None:
        for side, handshake in enumerate(self.sides):
            if handshake.established:
                assert self.said[side] == "yes"
                # The other side has said yes; it may have changed its mind since, and says so.
                assert self.said[1 - side] is not None

    def teardown(self) -> None:
        for side in (0, 1):
            self.arrive(side, 1 << 20)
        for side in (0, 1):
            self.accept(side)
        for side in (0, 1):
            self.arrive(side, 1 << 20)
        states = {handshake.state for handshake in self.sides}
        if "no" not in self.said:
            assert states == {HandshakeState.ESTABLISHED}
        else:
            assert HandshakeState.FAILED in states
            for side in (0, 1):
                if self.sides[side].established:
                    assert isinstance(frames_in(self.going_to(side))[-1], GoAway)
        super().teardown()

    def going_to(self, side: int) -> bytes:
        """What the side that counts itself as established would read next."""
        return self.sides[side].leftover() + self.going[1 - side]


def frames_in(data: bytes) -> list[Frame]:
    return [*map(copied, FrameDecoder(HANDSHAKE_FRAME_LIMIT).feed(data))]


TestBothSides = BothSides.TestCase


TestBothSides.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
