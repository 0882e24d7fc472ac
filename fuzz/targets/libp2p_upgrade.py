"""The upgrade of a connection to libp2p, both sides: it goes on, is done, or fails with a reason; never otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from peerbus.actors.base import HandshakeFailed
from peerbus.transports.libp2p.multistream import line_of
from peerbus.transports.libp2p.noise_identity import NoiseIdentity
from peerbus.transports.libp2p.upgrade import MAX_HANDSHAKE, Upgrade
from peerbus.transports.streams.identity import Identity

HERE, THERE = (NoiseIdentity(Identity.from_seed(letter * 32)) for letter in (b"h", b"t"))
VERSION = line_of("/multistream/1.0.0")
NOISE = VERSION + line_of("/noise")


def check(data: bytes) -> None:
    """The first byte: which side is under test, whether an honest peer is changed, and how the rest is cut."""
    head, data = (data[0] if data else 0), data[1:]
    side = Upgrade(HERE, initiator=bool(head & 1), judge=_anybody)
    if head & 2:
        change(side, Upgrade(THERE, initiator=not head & 1, judge=_anybody), data)
    else:
        side.start()
        feed(side, data, (head >> 2) + 1)


def feed(side: Upgrade, data: bytes, size: int) -> None:
    """Let the peer say that."""
    sent = 0
    try:
        for at in range(0, len(data), size):
            answer, behind = side.receive(data[at : at + size])
            sent += len(answer)
            # Nobody can seal anything without a key that was agreed on here.
            assert behind == b""
            assert not side.done
    except HandshakeFailed as error:
        assert error.reason in {"protocol", "noise", "multiplexer"}
    assert sent <= 2 * MAX_HANDSHAKE


def change(side: Upgrade, peer: Upgrade, data: bytes) -> None:
    """Let an honest peer talk; of each thing that it says, two bytes of `data` say where and how it is changed."""
    to_side, to_peer, changed = peer.start(), side.start(), False
    try:
        for number in range(6):
            where, what = (*data[2 * number : 2 * number + 2], 0, 0)[:2]
            if what and to_side:
                at = where % len(to_side)
                to_side = to_side[:at] + bytes([to_side[at] ^ what]) + to_side[at + 1 :]
                changed = True
            said, _ = side.receive(to_side)
            to_side, _ = peer.receive(to_peer)
            to_peer = said
    except HandshakeFailed as error:
        assert error.reason in {"protocol", "noise", "multiplexer"}
        return
    # Whatever was changed, nobody else has been proven; and unchanged it succeeds.
    assert side.key in (b"", THERE.raw)
    assert side.done or changed


def _anybody(key: bytes) -> None:
    assert len(key) == 32


def seeds() -> Iterator[tuple[str, bytes]]:
    """What an honest peer begins with, and others."""
    noise = bytes([0, 32]) + bytes(range(32))
    for name, head in (("dialer", b"\x0d"), ("acceptor", b"\xfc"), ("bytewise", b"\x00")):
        yield name, head + NOISE + noise
    yield "another_protocol", b"\xfc" + VERSION + line_of("/tls/1.0.0") + line_of("/noise") + noise
    yield "refused", b"\xfd" + VERSION + line_of("na")
    yield "too_long", b"\xfc" + NOISE + b"\xff\xff"
    yield "http", b"\xfcGET / HTTP/1.1\r\n\r\n"
    for number in range(4):
        yield f"changed-{number}", bytes([2 + number % 2, *bytes(2 * (number // 2)), 40, 1 << number])
    yield "unchanged", b"\x03"
