"""Multiaddrs as text and as bytes."""

from __future__ import annotations

import pytest

from peerbus.transports.libp2p.multiaddr import (
    from_multiaddr,
    pack_multiaddr,
    to_multiaddr,
    unpack_multiaddr,
)
from peerbus.transports.libp2p.peer_ids import peer_id_text, raw_key_of
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity

ALICE = Identity.from_seed(b"a" * 32)
RAW = raw_key_of(ALICE.public_key_der)
PLACES = {
    "/ip4/127.0.0.1/tcp/4001": "libp2p+tcp://127.0.0.1:4001",
    "/ip6/2001:db8::1/tcp/4001": "libp2p+tcp://[2001:db8::1]:4001",
    "/ip6zone/eth0/ip6/fe80::1/tcp/65535": "libp2p+tcp://[fe80::1%eth0]:65535",
    "/dns/bob.example/tcp/0": "libp2p+tcp://bob.example:0",
}


@pytest.mark.parametrize(("text", "endpoint"), PLACES.items())
def test_a_place_is_read_and_written_both_ways(text: str, endpoint: str) -> None:
    place = from_multiaddr(text)
    assert str(place) == endpoint
    assert to_multiaddr(place) == text
    assert unpack_multiaddr(pack_multiaddr(place)) == text
    who = from_multiaddr(f"{text}/p2p/{peer_id_text(RAW)}")
    assert who == place.with_peer(ALICE.node_id)
    assert from_multiaddr(to_multiaddr(who, RAW)) == who


def test_other_words_for_the_same_are_read() -> None:
    for kind in ("dns4", "dns6"):
        assert from_multiaddr(f"/{kind}/bob.example/tcp/1") == Endpoint("libp2p+tcp", host="bob.example", port=1)
    assert from_multiaddr("/ip4/127.0.0.1/tcp/1/") == from_multiaddr("/ip4/127.0.0.1/tcp/1"), "as go and js read it"
    assert from_multiaddr(f"/ip4/127.0.0.1/tcp/1/ipfs/{peer_id_text(RAW)}").peer_id == ALICE.node_id


def test_the_bytes_are_those_of_the_specification() -> None:
    assert pack_multiaddr(from_multiaddr("/ip4/127.0.0.1/tcp/4001")).hex() == "047f000001060fa1"
    assert unpack_multiaddr(bytes.fromhex("047f000001060fa1a50326") + b"\0\x24\x08\x01\x12\x20" + RAW).endswith(
        f"/tcp/4001/p2p/{peer_id_text(RAW)}"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "write /ip4"),
        ("tcp://127.0.0.1:1", "write /ip4"),
        ("/ip4/127.0.0.1", "in this order"),
        ("/ip4/127.0.0.1/tcp", "needs a value"),
        ("/ip4/127.0.0.1/tcp/", "needs a value"),
        ("/ip4/127.0.0.1/tcp/1//", "nothing between two slashes"),
        ("/ip4/127.0.0.1//tcp/1", "nothing between two slashes"),
        ("/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA", "who, and not where"),
        ("/ip4/::1/tcp/1", "does not belong behind /ip4"),
        ("/ip4/bob.example/tcp/1", "does not belong behind /ip4"),
        ("/dns/127.0.0.1/tcp/1", "does not belong behind /dns"),
        ("/ip4/127.0.0.1/tcp/65536", "65536"),
        ("/ip4/127.0.0.1/tcp/x", "not a number"),
        ("/ip4/127.0.0.1/udp/1/quic-v1", "/udp is not carried here"),
        ("/tcp/1/ip4/127.0.0.1", "in this order"),
        ("/ip6zone/eth0/ip4/127.0.0.1/tcp/1", "before an /ip6"),
        ("/ip4/127.0.0.1/tcp/1/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N", "not Ed25519"),
        ("/ip4/127.0.0.1/tcp/1/p2p/x/p2p/y", "in this order"),
        ("/dns/" + "a" * 600 + "/tcp/1", "more than 512"),
    ],
)
def test_what_cannot_be_dialed_is_refused_and_why_is_said(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        from_multiaddr(text)


@pytest.mark.parametrize(
    "data", ["04", "047f0000", "91020fa1", "3505", "3500", "3501ff", "35012f", "a5030100", "80", "00" * 600]
)
def test_bytes_that_are_no_multiaddr_are_refused(data: str) -> None:
    with pytest.raises(ValueError, match=r"cut short|not known|bytes|of ''|of '/'|decode|peer id"):
        unpack_multiaddr(bytes.fromhex(data))
