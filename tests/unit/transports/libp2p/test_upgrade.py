"""Two sides make a libp2p connection of bytes, or say why not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from peerbus.actors.base.errors import HandshakeFailed
from peerbus.transports.libp2p import upgrade
from peerbus.transports.libp2p.multistream import line_of
from peerbus.transports.libp2p.noise_identity import NoiseIdentity
from peerbus.transports.libp2p.protobuf import field
from peerbus.transports.libp2p.upgrade import MAX_HANDSHAKE, Upgrade
from peerbus.transports.streams.identity import Identity

DIALER, ACCEPTOR = (NoiseIdentity(Identity.from_seed(letter * 32)) for letter in (b"d", b"a"))
VERSION = line_of("/multistream/1.0.0")


def _anybody(key: bytes) -> None:
    """Nobody is refused."""


def _sides(judge: Callable[[bytes], None] = _anybody) -> tuple[Upgrade, Upgrade]:
    return Upgrade(DIALER, initiator=True, judge=judge), Upgrade(ACCEPTOR, initiator=False, judge=_anybody)


def _talk(first: Upgrade, second: Upgrade, *, cut: int = 1 << 20, behind: bytes = b"") -> bytes:
    """Let both say what they have to until both are done; what the second hears behind that."""
    ways = [(first, second, second.start()), (second, first, first.start())]
    heard = b""
    while any(said for _, _, said in ways):
        said_back = {id(side): b"" for side in (first, second)}
        for hearer, _, said in ways:
            for at in range(0, len(said), cut):
                answer, rest = hearer.receive(said[at : at + cut])
                said_back[id(hearer)] += answer
                heard += rest
        ways = [(hearer, speaker, said_back[id(speaker)]) for hearer, speaker, _ in ways]
    return heard


@pytest.mark.parametrize("cut", [1, 30, 1 << 20])
def test_both_sides_prove_their_keys_and_can_talk(cut: int) -> None:
    first, second = _sides()
    assert _talk(first, second, cut=cut) == b""
    assert first.done
    assert second.done
    assert (first.key, second.key) == (ACCEPTOR.raw, DIALER.raw)
    assert second.channel.open(first.channel.seal(b"yes")) == [b"yes"]


def test_who_dials_knows_who_answers_before_it_says_who_it_is() -> None:
    def judge(key: bytes) -> None:
        raise HandshakeFailed("node_id", "another one")

    first, second = _sides(judge)
    with pytest.raises(HandshakeFailed, match="another one"):
        _talk(first, second)
    assert second.key == b""


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "protocol"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "protocol"),
        (VERSION + line_of("/tls/1.0.0") * 17, "protocol"),
        (VERSION + line_of("/noise") + bytes([0, 5]) + b"short", "noise"),
        (VERSION + line_of("/noise") + (MAX_HANDSHAKE + 1).to_bytes(2, "big"), "noise"),
        (VERSION + line_of("/noise") + bytes([0, 32]) + bytes(32), "noise"),
    ],
)
def test_a_dialer_that_lies_is_refused_with_a_reason(said: bytes, reason: str) -> None:
    side = _sides()[1]
    with pytest.raises(HandshakeFailed) as refused:
        side.receive(said)
    assert refused.value.reason == reason


@pytest.mark.parametrize("said", [VERSION + line_of("na"), VERSION + line_of("/tls/1.0.0"), b"SSH-2.0-OpenSSH_9.2\r\n"])
def test_a_listener_of_another_kind_is_refused(said: bytes) -> None:
    side = _sides()[0]
    with pytest.raises(HandshakeFailed, match="protocol"):
        side.receive(said)


def test_a_payload_that_proves_nothing_is_refused_on_both_sides() -> None:
    for lies in (True, False):
        liar = NoiseIdentity(Identity.from_seed(b"m" * 32))
        liar.payload = field(1, b"?")
        sides = [
            Upgrade(liar if initiator is lies else DIALER, initiator=initiator, judge=_anybody)
            for initiator in (True, False)
        ]
        with pytest.raises(HandshakeFailed, match="noise"):
            _talk(sides[0], sides[1])


def test_sides_without_a_multiplexer_in_common_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = _sides()
    said, answers = first.start(), second.start()
    while not first.key:
        answers += second.receive(said)[0]
        with monkeypatch.context() as later:
            later.setattr(upgrade, "YAMUX", "/mplex/6.7.0")
            said, answers = first.receive(answers)[0], b""
    answers = second.receive(said)[0]
    assert second.key == DIALER.raw
    with pytest.raises(HandshakeFailed) as refused:
        first.receive(answers)
    assert refused.value.reason == "multiplexer"
