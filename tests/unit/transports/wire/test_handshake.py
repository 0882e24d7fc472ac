"""The handshake: two real ones back to back, and a peer that lies, one field at a time."""

from __future__ import annotations

import struct

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from some_frames import copied

from peerbus.actors.base.errors import HandshakeFailed, ProtocolError
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frame_encoder import FrameEncoder
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

ALICE, BOB, CAROL = "a" * 64, "b" * 64, "c" * 64
PREFACE = MAGIC + struct.pack(">HH", 1, 1)
encode = FrameEncoder().encode


def hello_of(node_id: str, network: str = "demo", channels: tuple[ChannelInfo, ...] = ()) -> Hello:
    return Hello(
        node_id=node_id,
        network=network,
        name="node",
        incarnation=7,
        listen=(),
        offers=("archive",),
        channels=channels,
        agent="test",
        nonce=bytes(16),
    )


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


def started(**options: str | None) -> Handshake:
    """Bob's accepting side, begun; the peer claims to be Alice."""
    handshake = Handshake(hello_of(BOB), dialer=False, authenticated_id=options.get("authenticated_id", ALICE))
    handshake.start()
    return handshake


def answer(handshake: Handshake) -> list[Frame]:
    return [*map(copied, FrameDecoder(HANDSHAKE_FRAME_LIMIT).feed(handshake.to_send()))]


def hello_map(**changes: object) -> bytes:
    fields = msgspec.to_builtins(hello_of(ALICE), builtin_types=(bytes,))
    body = msgpack.packb([0, {**fields, **changes}])
    return len(body).to_bytes(4, "big") + body


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


def framed(*fields: object) -> bytes:
    """A frame of these fields, right or not."""
    body = msgpack.packb(fields)
    assert isinstance(body, bytes)
    return len(body).to_bytes(4, "big") + body


@pytest.mark.parametrize(
    ("field", "lie"),
    [
        ("node_id", "alice"),
        ("node_id", None),
        ("network", ""),
        ("network", 5),
        ("name", ""),
        ("name", None),
        ("incarnation", -1),
        ("incarnation", "7"),
        ("listen", "tcp://127.0.0.1:1"),
        ("listen", [7]),
        ("offers", [7]),
        ("offers", {"archive": True}),
        ("channels", [{}]),
        ("channels", 0),
        ("agent", b"bytes"),
        ("nonce", "text"),
        ("nonce", b"short"),
    ],
)
def test_a_lying_hello_is_refused_by_the_name_of_the_field(field: str, lie: object) -> None:
    handshake = started()
    with pytest.raises(ProtocolError) as caught:
        handshake.receive(PREFACE + hello_map(**{field: lie}))
    assert caught.value.reason == "bad_field"
    (frame,) = answer(handshake)
    assert isinstance(frame, Reject)
    assert frame.reason == "bad_field"
    assert field in caught.value.text


def test_a_hello_of_a_later_version_with_more_fields_is_read() -> None:
    handshake = started()
    assert handshake.receive(PREFACE + hello_map(colour="red")) == [PeerHello(hello_of(ALICE), 1)]
    assert handshake.left_out == ()


def test_a_hello_of_a_later_version_with_larger_fields_is_read_as_far_as_it_fits() -> None:
    handshake = started()
    larger = hello_map(name="node" + "x" * 100, offers=["archive", *(f"role{number}" for number in range(100))])
    (event,) = handshake.receive(PREFACE + larger)
    assert isinstance(event, PeerHello)
    assert len(event.hello.name) == len(event.hello.offers) == 64
    assert handshake.left_out == ("name", "offers")


@pytest.mark.parametrize("said", [framed(2, "x" * 65, "y" * 5000), framed(1) + framed(14, "x" * 65, "y" * 5000)])
def test_why_a_peer_of_a_later_version_refuses_is_cut(said: bytes) -> None:
    handshake = started()
    handshake.receive(HONEST[0] + HONEST[1])
    with pytest.raises(HandshakeFailed) as caught:
        handshake.receive(said)
    assert (caught.value.reason, caught.value.by_peer) == ("x" * 64, True)


@pytest.mark.parametrize(
    ("reason", "data"),
    [
        ("unexpected_frame", encode(Welcome())),
        ("unexpected_frame", encode(Ping(1))),
        ("unexpected_frame", encode(GoAway("bye", ""))),
        ("unknown_kind", b"\0\0\0\2\x91\x18"),
        ("bad_frame", b"\0\0\0\1\xc1"),
        ("bad_frame", b"\0\0\0\0"),
        ("frame_too_large", (HANDSHAKE_FRAME_LIMIT + 1).to_bytes(4, "big")),
    ],
)
def test_anything_but_hello_first_is_refused(reason: str, data: bytes) -> None:
    handshake = started()
    with pytest.raises(ProtocolError) as caught:
        handshake.receive(PREFACE + data)
    assert caught.value.reason == reason
    (frame,) = answer(handshake)
    assert isinstance(frame, Reject)
    assert frame.reason == reason


def test_a_second_hello_is_refused() -> None:
    handshake = started()
    handshake.receive(PREFACE + encode(HelloFrame(hello_of(ALICE))))
    with pytest.raises(ProtocolError) as caught:
        handshake.receive(encode(HelloFrame(hello_of(ALICE))))
    assert caught.value.reason == "unexpected_frame"


@pytest.mark.parametrize("early", [encode(Ping(1)), encode(Welcome()), encode(Reject("x", ""))])
@pytest.mark.parametrize("together", [True, False])
def test_nothing_may_follow_welcome_before_ours(early: bytes, together: bool) -> None:
    handshake = started()
    first = PREFACE + encode(HelloFrame(hello_of(ALICE))) + encode(Welcome())
    if not together:
        handshake.receive(first)
    with pytest.raises(ProtocolError) as caught:
        handshake.receive(first + early if together else early)
    assert caught.value.reason == "unexpected_frame"


def test_a_peer_that_breaks_the_protocol_after_our_welcome_gets_a_goaway() -> None:
    handshake = started()
    handshake.receive(PREFACE + encode(HelloFrame(hello_of(ALICE))))
    handshake.accept()
    with pytest.raises(ProtocolError):
        handshake.receive(encode(Ping(1)))
    (frame,) = answer(handshake)
    assert isinstance(frame, GoAway)
    assert frame.reason == "unexpected_frame"


def test_a_failed_handshake_stays_failed_and_says_farewell_once() -> None:
    handshake = started()
    with pytest.raises(ProtocolError) as first:
        handshake.receive(PREFACE + encode(Welcome()))
    with pytest.raises(ProtocolError) as second:
        handshake.receive(encode(HelloFrame(hello_of(ALICE))))
    assert first.value is second.value
    assert handshake.to_send() != b""
    assert handshake.to_send() == b""
    with pytest.raises(RuntimeError, match="out of order"):
        handshake.accept()


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


HONEST = [PREFACE, encode(HelloFrame(hello_of(ALICE))), encode(Welcome())]


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, len(HONEST)),
    st.lists(
        st.one_of(st.binary(max_size=20), st.sampled_from([*HONEST, encode(Reject("no", "")), encode(Ping(1))])),
        max_size=4,
    ),
    st.booleans(),
)
def test_whatever_a_peer_sends_only_the_two_errors_come_and_only_acceptance_establishes(
    honest: int, lies: list[bytes], accept: bool
) -> None:
    handshake = started()
    accepted = False
    try:
        for chunk in [*HONEST[:honest], *lies]:
            events = handshake.receive(chunk)
            if accept and any(isinstance(event, PeerHello) for event in events):
                handshake.accept()
                accepted = True
            if handshake.established:
                break
    except (HandshakeFailed, ProtocolError):
        assert handshake.state is HandshakeState.FAILED
    assert accepted or not handshake.established
    assert handshake.established or honest < len(HONEST) or not accepted


TOO_LARGE = (HANDSHAKE_FRAME_LIMIT + 1).to_bytes(4, "big")
#: What a peer may do wrong in each frame of a handshake that is no HELLO: (frame, reason).
LIES = [
    (b"\0\0\0\0", "bad_frame"),
    (framed(), "bad_frame"),
    (framed("welcome"), "bad_frame"),
    (framed(-1), "unknown_kind"),
    (framed(99), "unknown_kind"),
    (TOO_LARGE, "frame_too_large"),
    (framed(2), "bad_field"),
    (framed(2, "full"), "bad_field"),
    (framed(2, None, ""), "bad_field"),
    (framed(2, 7, ""), "bad_field"),
    (framed(2, "full", b"bytes"), "bad_field"),
    (framed(2, ["full"], {}), "bad_field"),
    (framed(0), "bad_field"),
    (framed(0, None), "bad_field"),
    (framed(0, {}), "bad_field"),
    (framed(0, [ALICE]), "bad_field"),
    (framed(14), "bad_field"),
    (framed(14, "bye", 7), "bad_field"),
    (framed(3, 0, [[1, 0, b""]]), "unexpected_frame"),
]


@pytest.mark.parametrize("accepted", [False, True])
@pytest.mark.parametrize("dialer", [False, True])
@pytest.mark.parametrize(("lie", "reason"), LIES)
def test_a_lie_in_place_of_an_answer_is_refused_with_its_reason(
    lie: bytes, reason: str, dialer: bool, accepted: bool
) -> None:
    handshake = Handshake(hello_of(BOB), dialer=dialer, authenticated_id=ALICE)
    handshake.start()
    handshake.receive(HONEST[0] + HONEST[1])
    if accepted:
        handshake.accept()
    with pytest.raises(ProtocolError) as caught:
        handshake.receive(lie)
    assert caught.value.reason == reason
    (said,) = answer(handshake)
    assert isinstance(said, GoAway if accepted else Reject)
    assert said.reason == reason


def test_an_answer_may_have_fields_of_a_later_version() -> None:
    handshake = started()
    handshake.receive(HONEST[0] + HONEST[1])
    handshake.accept()
    assert handshake.receive(framed(1, "more", {"and": "more"})) == [Welcomed()]
    assert handshake.established


@pytest.mark.parametrize("place", range(len(PREFACE)))
def test_a_preface_with_one_wrong_byte_is_refused_or_of_another_version(place: int) -> None:
    for byte in range(256):
        lie = PREFACE[:place] + bytes([byte]) + PREFACE[place + 1 :]
        handshake = started()
        if place < len(MAGIC):
            if lie.startswith(
                b"peerbus\1"
            ):  # not the preface, but what a network says that wants to be shown something
                with pytest.raises(HandshakeFailed, match="network_policy"):
                    handshake.receive(lie)
            elif lie != PREFACE:
                with pytest.raises(ProtocolError, match="magic"):
                    handshake.receive(lie)
                assert handshake.to_send() == b""
            continue
        lowest, highest = struct.unpack(">HH", lie[len(MAGIC) :])
        if lowest <= 1 <= highest:
            assert handshake.receive(lie) == []
        else:
            with pytest.raises(HandshakeFailed) as caught:
                handshake.receive(lie)
            assert caught.value.reason == "version"
            (said,) = answer(handshake)
            assert isinstance(said, Reject)


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
