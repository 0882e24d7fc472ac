"""A side of Noise is the node whose key it shows, or is refused."""

from __future__ import annotations

import pytest

from peerbus.transports.libp2p.noise_identity import NoiseIdentity, proven_key
from peerbus.transports.libp2p.peer_ids import pack_public_key, raw_key_of
from peerbus.transports.libp2p.protobuf import field
from peerbus.transports.streams.identity import Identity

ALICE, MALLORY = (Identity.from_seed(letter * 32) for letter in (b"a", b"m"))
NOISE = NoiseIdentity(ALICE)
STATIC = NOISE.static.public_key().public_bytes_raw()
SIGNED = ALICE.sign_noise_key(STATIC)
KEY = pack_public_key(NOISE.raw)


def test_a_node_proves_its_key() -> None:
    assert proven_key(NOISE.payload, STATIC) == NOISE.raw == raw_key_of(ALICE.public_key_der)
    assert proven_key(NOISE.payload + field(4, b"what later versions say"), STATIC) == NOISE.raw


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (field(1, pack_public_key(raw_key_of(MALLORY.public_key_der))) + field(2, SIGNED), "not that of its key"),
        (field(1, KEY) + field(2, MALLORY.sign_noise_key(STATIC)), "not that of its key"),
        (field(1, KEY) + field(2, ALICE.sign_noise_key(bytes(32))), "not that of its key"),
        (field(1, KEY) + field(2, ALICE.sign(STATIC)), "not that of its key"),
        (field(1, KEY) + field(2, SIGNED[:-1]), "not that of its key"),
        (field(1, KEY), "has not signed"),
        (field(2, SIGNED), "shows no key"),
        (b"", "shows no key"),
        (field(1, field(1, 0) + field(2, bytes(32))) + field(2, SIGNED), "RSA"),
        (field(1, field(1, 1) + field(2, b"short")) + field(2, SIGNED), "has 32 bytes"),
        (field(1, KEY) + field(2, 5), "is a number"),
        (NOISE.payload[:-1], "cut short"),
        (b"\xff" * 40, "more than"),
    ],
    ids=[f"lie {number}" for number in range(13)],  # signatures are others in each process
)
def test_who_lies_in_a_field_of_the_payload_proves_nothing(payload: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        proven_key(payload, STATIC)


def test_a_payload_of_another_handshake_proves_nothing() -> None:
    with pytest.raises(ValueError, match="not that of its key"):
        proven_key(NOISE.payload, NoiseIdentity(ALICE).static.public_key().public_bytes_raw())


def test_nothing_else_is_signed_as_a_key_of_noise() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        ALICE.sign_noise_key(b"anything")
