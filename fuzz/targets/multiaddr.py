"""Multiaddrs and peer ids: an endpoint, a key, or a ValueError; what was read is written as it was."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from peerbus.transports.libp2p.multiaddr import from_multiaddr, pack_multiaddr, to_multiaddr, unpack_multiaddr
from peerbus.transports.libp2p.peer_ids import pack_peer_id, parse_peer_id, peer_id_text, unpack_peer_id

PEER_ID = peer_id_text(bytes(32))
TEXTS = {
    "ip4": f"/ip4/127.0.0.1/tcp/4001/p2p/{PEER_ID}",
    "ip6": "/ip6zone/eth0/ip6/fe80::1/tcp/4001",
    "name": "/dns4/bob.example/tcp/1/ipfs/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
    "peer_id": PEER_ID,
    "cid": "bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe",
}


def check(data: bytes) -> None:
    """The same bytes as each of the four."""
    _text(data.decode("utf-8", "replace"))
    try:
        shown = unpack_multiaddr(data)
    except ValueError:
        pass
    else:
        assert shown.isprintable()
    with contextlib.suppress(ValueError):
        assert pack_peer_id(unpack_peer_id(data)) == data


def _text(text: str) -> None:
    try:
        endpoint = from_multiaddr(text)
    except ValueError:
        pass
    else:
        place = endpoint.without_peer()
        assert from_multiaddr(to_multiaddr(place)) == place
        packed = unpack_multiaddr(pack_multiaddr(place))
        assert from_multiaddr(packed) == place
    try:
        raw = parse_peer_id(text)
    except ValueError:
        return
    assert parse_peer_id(peer_id_text(raw)) == raw


def seeds() -> Iterator[tuple[str, bytes]]:
    """Each form, as text and as bytes."""
    for name, text in TEXTS.items():
        yield name, text.encode()
    place = pack_multiaddr(from_multiaddr(TEXTS["ip4"]))
    peer = pack_peer_id(bytes(32))
    yield "packed", place + bytes([0xA5, 0x03, len(peer)]) + peer
    yield "packed_id", peer
