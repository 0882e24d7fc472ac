"""The handshake with a peer that lies, one field at a time."""

from __future__ import annotations

import struct

import pytest
from hellos import ALICE, BOB, PREFACE, answer, encode, framed, hello_map, hello_of, started
from hypothesis import given, settings
from hypothesis import strategies as st

from peerbus.actors.base.errors import HandshakeFailed, ProtocolError
from peerbus.transports.wire.frames import HANDSHAKE_FRAME_LIMIT, GoAway, HelloFrame, Ping, Reject, Welcome
from peerbus.transports.wire.handshake import (
    MAGIC,
    Handshake,
    HandshakeState,
    PeerHello,
    Welcomed,
)


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
