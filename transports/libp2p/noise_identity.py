"""Who is at the other end of Noise: what each side says of itself in the handshake (libp2p specs/noise).

A side shows its Ed25519 key, and signs with it the key that it uses in the handshake.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from ..streams import NOISE_KEY_CONTEXT, Identity
from .peer_ids import pack_public_key, raw_key_of, unpack_public_key
from .protobuf import field, read_fields

__all__ = ["NoiseIdentity", "proven_key"]

#: `message NoiseHandshakePayload`.
_IDENTITY_KEY, _SIGNATURE = 1, 2


class NoiseIdentity:
    """The key that a node uses in all its handshakes, and the payload that says it is the node's.

    Made once for each start of a node, as it costs a signature.
    """

    __slots__ = ("payload", "raw", "static")

    def __init__(self, identity: Identity) -> None:
        self.static = X25519PrivateKey.generate()
        self.raw = raw_key_of(identity.public_key_der)
        signature = identity.sign_noise_key(self.static.public_key().public_bytes_raw())
        self.payload = field(_IDENTITY_KEY, pack_public_key(self.raw)) + field(_SIGNATURE, signature)


def proven_key(payload: bytes, static: bytes) -> bytes:
    """The 32 bytes of the Ed25519 key whose owner uses `static` in the handshake.

    Raises ValueError where the payload does not prove it.
    """
    fields = read_fields(payload)
    key, signature = fields.string(_IDENTITY_KEY), fields.string(_SIGNATURE)
    if key is None or signature is None:
        raise ValueError("it shows no key, or has not signed")
    raw = unpack_public_key(key)
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, NOISE_KEY_CONTEXT + static)
    except InvalidSignature:
        raise ValueError("its signature is not that of its key") from None
    return raw
