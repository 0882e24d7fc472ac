"""Peer ids and node ids of one key."""

from __future__ import annotations

import base64

import pytest

from peerbus.transports.libp2p import peer_ids
from peerbus.transports.libp2p.peer_ids import pack_peer_id, parse_peer_id, peer_id_text
from peerbus.transports.libp2p.protobuf import field
from peerbus.transports.streams.identity import Identity

#: libp2p specs/peer-ids: an Ed25519 key as it is published there, and a peer id; one of an RSA key, two ways.
PUBLISHED_KEY = bytes.fromhex("080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e")
PUBLISHED_ID = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
RSA_IDS = (
    "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
    "bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe",
)
ALICE = Identity.from_seed(b"a" * 32)


def test_keys_and_ids_of_the_specification_are_read_and_written() -> None:
    assert peer_ids.pack_public_key(peer_ids.unpack_public_key(PUBLISHED_KEY)) == PUBLISHED_KEY
    assert peer_id_text(parse_peer_id(PUBLISHED_ID)) == PUBLISHED_ID


def test_a_peer_id_gives_the_node_id() -> None:
    raw = peer_ids.raw_key_of(ALICE.public_key_der)
    text = peer_id_text(raw)
    assert text.startswith("12D3KooW")
    assert peer_ids.node_id_of_raw(parse_peer_id(text)) == ALICE.node_id
    cid = "b" + base64.b32encode(b"\x01\x72" + pack_peer_id(raw)).decode().lower().rstrip("=")
    assert parse_peer_id(cid) == raw


@pytest.mark.parametrize(
    ("text", "why"),
    [
        *((text, "a key that is not Ed25519") for text in RSA_IDS),
        (PUBLISHED_ID[:-1], "not a peer id"),
        (PUBLISHED_ID + "0", "no letter of base58"),
        ("1" * 129, "at most 128"),
        ("", "not a peer id"),
        ("b!", "base32"),
        ("bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi", "not of a key"),
    ],
)
def test_what_is_no_peer_id_of_a_node_is_refused_and_why_is_said(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_peer_id(text)


def _identity_hash(key: bytes) -> bytes:
    return bytes([0, len(key)]) + key


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (_identity_hash(field(1, 0) + field(2, bytes(32))), "RSA"),
        (_identity_hash(field(1, 9) + field(2, bytes(32))), "of type 9"),
        (_identity_hash(field(1, 1) + field(2, bytes(31))), "31"),
        (_identity_hash(field(1, 1)), "not a public key"),
        (_identity_hash(field(2, bytes(32)) + field(1, 1)), "not written as it should be"),
        (b"\0\x25" + pack_peer_id(bytes(32))[2:], "not a peer id"),
    ],
)
def test_a_peer_id_that_lies_in_a_field_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        peer_ids.unpack_peer_id(data)


def test_only_ed25519_keys_have_raw_bytes() -> None:
    with pytest.raises(ValueError, match="Ed25519"):
        peer_ids.raw_key_of(ALICE.public_key_der[:-1])
