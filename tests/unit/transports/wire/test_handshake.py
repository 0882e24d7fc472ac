"""The handshake: two real ones back to back."""

from __future__ import annotations

import struct

import msgpack
import msgspec
import pytest
from hellos import ALICE, BOB, CAROL, PREFACE, answer, encode, framed, hello_map, hello_of, started

from peerbus.actors.base.errors import HandshakeFailed, ProtocolError
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frames import HANDSHAKE_FRAME_LIMIT, Frame, GoAway, HelloFrame, Ping, Reject, Welcome
from peerbus.transports.wire.handshake import (
    HIGHEST_VERSION,
    MAGIC,
    TRANSITIONS,
    Handshake,
    HandshakeEvent,
    HandshakeState,
    HandshakeStep,
    PeerHello,
    Welcomed,
    turned_away,
    why_turned_away,
)
from peerbus.transports.wire.hello import ChannelInfo, Hello


def channel(number: int, types: int = 1) -> ChannelInfo:
    return ChannelInfo(
        name=f"channel{number}",
        types=tuple(f"{'T' * 100}{n}" for n in range(types)),
        schema=bytes(16),
        messages=1,
        bytes=1,
        max_message=1,
        priority=1,
    )


class Pair:
    """A dialing and an accepting handshake back to back; `cut` splits what passes between them."""

    def __init__(self, dialer: Handshake, acceptor: Handshake, cut: int = 1 << 20) -> None:
        self.sides = (dialer, acceptor)
        self.cut = cut
        self.events: tuple[list[HandshakeEvent], list[HandshakeEvent]] = ([], [])

    def send(self, side: int, data: bytes) -> None:
        """Let `data`, which `side` sent, arrive at the other."""
        other = 1 - side
        for start in range(0, len(data), self.cut):
            self.events[other].extend(self.sides[other].receive(data[start : start + self.cut]))

    def start(self) -> None:
        first, second = (side.start() for side in self.sides)
        self.send(0, first)
        self.send(1, second)


def pair(cut: int = 1 << 20) -> Pair:
    return Pair(
        Handshake(hello_of(ALICE), dialer=True, expected_id=BOB, authenticated_id=BOB),
        Handshake(hello_of(BOB), dialer=False, authenticated_id=ALICE),
        cut,
    )


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 1 << 20])
def test_two_sides_that_accept_each_other_are_established(cut: int) -> None:
    both = pair(cut)
    both.start()
    assert both.events == ([PeerHello(hello_of(BOB), 1)], [PeerHello(hello_of(ALICE), 1)])
    both.send(0, both.sides[0].accept())
    assert not both.sides[0].established
    both.send(1, both.sides[1].accept())
    assert both.events[0][1:] == both.events[1][1:] == [Welcomed()]
    assert [side.established for side in both.sides] == [True, True]
    assert [side.version for side in both.sides] == [HIGHEST_VERSION] * 2
    assert both.sides[1].peer == hello_of(ALICE)


def test_welcomes_that_cross_establish_both_sides() -> None:
    both = pair()
    both.start()
    first, second = (side.accept() for side in both.sides)
    both.send(0, first)
    both.send(1, second)
    assert [side.established for side in both.sides] == [True, True]


def test_the_first_frames_after_welcome_are_left_over_for_the_next_decoder() -> None:
    both = pair()
    both.start()
    both.send(0, both.sides[0].accept())
    frames = encode(Ping(1)) + b"\0\0"
    both.send(1, both.sides[1].accept() + frames)
    assert both.events[0][-1] == Welcomed()
    assert both.sides[0].leftover() == frames
    assert both.sides[0].leftover() == b""


def test_leftover_larger_than_a_handshake_frame_is_not_looked_at() -> None:
    both = pair()
    both.start()
    both.send(0, both.sides[0].accept())
    large = (HANDSHAKE_FRAME_LIMIT + 1).to_bytes(4, "big") + b"x"
    both.send(1, both.sides[1].accept() + large)
    assert both.sides[0].leftover() == large


def test_nothing_is_left_over_before_both_sides_said_welcome() -> None:
    handshake = started()
    handshake.receive(PREFACE + encode(HelloFrame(hello_of(ALICE))) + encode(Welcome()))
    with pytest.raises(RuntimeError, match="was welcomed, has not answered"):
        handshake.leftover()


def test_the_start_of_a_frame_that_came_before_our_welcome_is_not_lost() -> None:
    handshake = started()
    goaway = encode(GoAway("shutting_down", ""))
    handshake.receive(PREFACE + encode(HelloFrame(hello_of(ALICE))) + encode(Welcome()) + goaway[:9])
    handshake.accept()
    assert handshake.leftover() == goaway[:9]


@pytest.mark.parametrize("frame", [Reject("", ""), GoAway("", "")])
def test_a_peer_that_refuses_without_a_word_has_a_reason_all_the_same(frame: Frame) -> None:
    handshake = started()
    handshake.receive(PREFACE + encode(HelloFrame(hello_of(ALICE))))
    with pytest.raises(HandshakeFailed) as caught:
        handshake.receive(encode(frame) if isinstance(frame, Reject) else encode(Welcome()) + encode(frame))
    assert (caught.value.reason, caught.value.by_peer) == ("unsaid", True)


@pytest.mark.parametrize("cut", [1, 1 << 20])
def test_a_side_that_accepted_may_change_its_mind(cut: int) -> None:
    both = pair(cut)
    both.start()
    farewell = both.sides[1].accept() + both.sides[1].reject("duplicate", "the other one is kept")
    with pytest.raises(HandshakeFailed) as caught:
        both.send(1, farewell)
    assert (caught.value.reason, caught.value.by_peer) == ("duplicate", True)
    assert both.sides[0].to_send() == b""
    assert [side.state for side in both.sides] == [HandshakeState.FAILED, HandshakeState.FAILED]


def test_a_side_that_changes_its_mind_says_goaway_to_a_peer_that_may_be_established() -> None:
    both = pair()
    both.start()
    both.sides[0].accept()
    farewell = both.sides[1].accept() + both.sides[1].reject("duplicate")
    both.send(1, farewell)
    assert both.sides[0].established
    assert list(FrameDecoder(100).feed(both.sides[0].leftover())) == [GoAway("duplicate", "")]


def test_a_rejected_side_learns_why() -> None:
    both = pair()
    both.start()
    refusal = both.sides[1].reject("busy", "64 peers are enough")
    with pytest.raises(HandshakeFailed) as caught:
        both.send(1, refusal)
    assert (caught.value.reason, caught.value.text) == ("busy", "64 peers are enough")
    assert caught.value.by_peer
    assert both.sides[0].to_send() == b""
    assert [side.state for side in both.sides] == [HandshakeState.FAILED, HandshakeState.FAILED]


def test_a_side_that_accepted_can_still_be_rejected() -> None:
    both = pair()
    both.start()
    both.send(0, both.sides[0].accept())
    with pytest.raises(HandshakeFailed) as caught:
        both.send(1, both.sides[1].reject("duplicate"))
    assert caught.value.reason == "duplicate"


def test_a_node_may_refuse_before_it_knows_who_comes() -> None:
    handshake = Handshake(hello_of(BOB), dialer=False)
    handshake.start()
    assert list(FrameDecoder(100).feed(handshake.reject("busy"))) == [Reject("busy", "")]


def test_control_characters_in_a_refusal_do_not_reach_the_log() -> None:
    handshake = started()
    with pytest.raises(HandshakeFailed) as caught:
        handshake.receive(PREFACE + encode(Reject("no\n", "clear\x1b[2J")))
    assert (caught.value.reason, caught.value.text) == (r"no\n", r"clear\x1b[2J")


def test_overlong_reasons_are_cut_to_what_a_peer_reads() -> None:
    handshake = started()
    (frame,) = FrameDecoder(HANDSHAKE_FRAME_LIMIT).feed(handshake.reject("r" * 100, "ö" * 5000))
    assert frame == Reject("r" * 64, "ö" * 512)


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n", b"p\0", b"PEERBUS\0", b"\x16\x03\x01"])
def test_another_protocol_gets_no_answer(data: bytes) -> None:
    handshake = started()
    with pytest.raises(ProtocolError) as caught:
        handshake.receive(data)
    assert caught.value.reason == "magic"
    assert handshake.to_send() == b""
    assert handshake.state is HandshakeState.FAILED


@pytest.mark.parametrize(("lowest", "highest"), [(0, 0), (2, 9), (9, 2), (65535, 65535)])
def test_a_peer_without_a_common_version_is_told_so(lowest: int, highest: int) -> None:
    handshake = started()
    with pytest.raises(HandshakeFailed) as caught:
        handshake.receive(MAGIC + struct.pack(">HH", lowest, highest))
    assert caught.value.reason == "version"
    (frame,) = answer(handshake)
    assert isinstance(frame, Reject)
    assert frame.reason == "version"
    assert f"{lowest} to {highest}" in frame.text


def test_the_highest_common_version_is_spoken() -> None:
    handshake = started()
    (event,) = handshake.receive(MAGIC + struct.pack(">HH", 0, 40) + encode(HelloFrame(hello_of(ALICE))))
    assert isinstance(event, PeerHello)
    assert event.version == handshake.version == HIGHEST_VERSION


@pytest.mark.parametrize(
    ("reason", "claim", "options"),
    [
        ("network", hello_of(ALICE, "other"), {}),
        ("node_id", hello_of(CAROL), {}),
        ("self_dial", hello_of(BOB), {"authenticated_id": BOB}),
        ("self_dial", hello_of(BOB), {"authenticated_id": None}),
    ],
)
def test_a_hello_that_does_not_fit_is_refused_on_both_sides(
    reason: str, claim: Hello, options: dict[str, str | None]
) -> None:
    handshake = started(**options)
    with pytest.raises(HandshakeFailed) as caught:
        handshake.receive(PREFACE + encode(HelloFrame(claim)))
    assert caught.value.reason == reason
    assert handshake.peer == claim
    (frame,) = answer(handshake)
    assert isinstance(frame, Reject)
    assert frame.reason == reason


def test_a_peer_that_is_not_the_one_that_was_dialed_is_refused() -> None:
    handshake = Handshake(hello_of(ALICE), dialer=True, expected_id=BOB)
    handshake.start()
    with pytest.raises(HandshakeFailed) as caught:
        handshake.receive(PREFACE + encode(HelloFrame(hello_of(CAROL))))
    assert caught.value.reason == "node_id"


def test_the_owner_cannot_act_out_of_order() -> None:
    handshake = Handshake(hello_of(BOB), dialer=False)
    with pytest.raises(RuntimeError, match="nothing can be received"):
        handshake.receive(b"")
    with pytest.raises(RuntimeError, match="out of order"):
        handshake.accept()
    handshake.start()
    with pytest.raises(RuntimeError, match="out of order"):
        handshake.start()
    with pytest.raises(RuntimeError, match="out of order"):
        handshake.accept()
    handshake.receive(PREFACE + encode(HelloFrame(hello_of(ALICE))))
    handshake.accept()
    handshake.receive(encode(Welcome()))
    with pytest.raises(RuntimeError, match="out of order"):
        handshake.reject("late")
    with pytest.raises(RuntimeError, match="established"):
        handshake.receive(b"x")


def test_after_rejecting_nothing_more_is_read() -> None:
    handshake = started()
    handshake.reject("busy")
    with pytest.raises(HandshakeFailed) as caught:
        handshake.receive(PREFACE)
    assert (caught.value.reason, caught.value.by_peer) == ("busy", False)


def test_a_hello_that_no_peer_would_read_is_refused_at_home() -> None:
    large = hello_of(ALICE, channels=tuple(channel(n, types=64) for n in range(20)))
    with pytest.raises(ValueError, match="fewer channels"):
        Handshake(large, dialer=True)
    with pytest.raises(ValueError, match="node_id"):
        Handshake(hello_of("alice"), dialer=True)


def test_as_many_channels_as_are_allowed_fit_into_a_hello() -> None:
    full = hello_of(ALICE, channels=tuple(channel(n) for n in range(256)))
    Handshake(full, dialer=True)


def test_only_a_dialer_expects_an_id() -> None:
    with pytest.raises(ValueError, match="dialing side"):
        Handshake(hello_of(ALICE), dialer=False, expected_id=BOB)


def test_every_state_can_be_reached_and_every_open_one_can_fail() -> None:
    reached = {after for steps in TRANSITIONS.values() for after in steps.values()}
    assert reached | {HandshakeState.NEW} == set(HandshakeState) == set(TRANSITIONS)
    over = {HandshakeState.NEW, HandshakeState.ESTABLISHED, HandshakeState.FAILED}
    assert all(TRANSITIONS[state][HandshakeStep.FAULT] is HandshakeState.FAILED for state in set(HandshakeState) - over)


def test_a_handshake_shows_where_it_stands() -> None:
    assert repr(Handshake(hello_of(ALICE), dialer=True)) == "<Handshake dialer new>"
    assert repr(started()) == "<Handshake acceptor waits for the preface>"


def test_a_frame_for_later_versions_is_left_out_before_hello_and_welcome() -> None:
    handshake = started()
    assert handshake.receive(PREFACE + framed(128, "later") + hello_map()) == [PeerHello(hello_of(ALICE), 1)]
    handshake.accept()
    assert handshake.receive(framed(255) + encode(Welcome())) == [Welcomed()]


def test_what_a_peer_is_told_may_be_said_anew_until_it_is_said_and_not_where_nobody_would_read_it() -> None:
    handshake = Handshake(hello_of(ALICE), dialer=True)
    told = msgspec.structs.replace(hello_of(ALICE), offers=("archive",))
    handshake.address(told)
    many = [f"{number:064d}" for number in range(64)]
    vast = ChannelInfo(name="vast", types=tuple(many), schema=bytes(16), messages=1, bytes=1, max_message=1, priority=1)
    channels = tuple(msgspec.structs.replace(vast, name=f"vast{number}") for number in range(64))
    handshake.address(msgspec.structs.replace(told, channels=channels))
    assert handshake.hello == told
    assert encode(HelloFrame(told)) in handshake.start()
    with pytest.raises(RuntimeError, match="HELLO was said"):
        handshake.address(told)


@pytest.mark.parametrize("more", [["text"], ["text", []], ["text", [], {"later": 1}, 7]])
def test_why_one_is_turned_away_is_read_however_much_stands_behind_it(more: list[object]) -> None:
    body = msgpack.packb([2, "network_key", *more])
    refusal = why_turned_away(PREFACE + struct.pack(">I", len(body)) + body)
    assert refusal is not None
    assert (refusal.reason, refusal.by_peer) == ("network_key", True)
    assert why_turned_away(turned_away("revoked")[:-1]) is None
    hello = why_turned_away(PREFACE + encode(HelloFrame(hello_of(ALICE))))
    assert hello is not None
    assert (hello.reason, hello.by_peer) == ("network_policy", False)
