"""What a host of libp2p says of itself: read, or a ValueError; what is read can be shown on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from peerbus.transports.libp2p.identify import MAX_IDENTIFY, Identified
from peerbus.transports.libp2p.multiaddr import from_multiaddr, pack_multiaddr
from peerbus.transports.libp2p.peer_ids import pack_public_key
from peerbus.transports.libp2p.protobuf import field
from peerbus.transports.libp2p.varint import Delimited, varint

PLACE = pack_multiaddr(from_multiaddr("/ip6/2001:db8::1/tcp/4001"))


def check(data: bytes) -> None:
    """The message behind its length, as it travels; it may be cut anywhere."""
    messages = Delimited(MAX_IDENTIFY)
    half = len(data) // 2
    try:
        for piece in (data[:half], data[half:]):
            messages.feed(piece)
            while (message := messages.next()) is not None:
                assert len(message) <= MAX_IDENTIFY
                said = Identified.parse(message)
                for text in (said.agent, said.version, said.observed, *said.protocols, *said.addresses):
                    assert text.isprintable()
    except ValueError:
        return


def seeds() -> Iterator[tuple[str, bytes]]:
    """What a node says, and two in a row."""
    # Not by `describe`, which says the version of this package.
    said = field(5, b"ipfs/0.1.0") + field(6, b"agent") + field(1, pack_public_key(bytes(32)))
    said += (
        field(3, b"/peerbus/1") + field(3, b"/ipfs/ping/1.0.0") + field(2, PLACE) + field(2, b"\x04") + field(4, PLACE)
    )
    yield "node", varint(len(said)) + said
    yield "twice", (varint(len(said)) + said) * 2
    yield "empty", b"\x00"
