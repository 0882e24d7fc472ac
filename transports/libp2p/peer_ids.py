"""Peer ids of libp2p (specs/peer-ids), and the node id that follows from the same key.

The peer id of an Ed25519 key holds the key itself, a node id only its hash: so a peer id gives the node id, and a
node id alone gives no peer id.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from ..streams import node_id_of_key
from .protobuf import field, read_fields
from .varint import varint

__all__ = [
    "node_id_of_raw",
    "pack_peer_id",
    "pack_public_key",
    "parse_peer_id",
    "peer_id_text",
    "raw_key_of",
    "unpack_peer_id",
    "unpack_public_key",
]

#: What stands before the 32 bytes of an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410 §4).
_SPKI: Final = bytes.fromhex("302a300506032b6570032100")
_KEY_LENGTH: Final = 32
#: `message PublicKey`: type and data; the types of keys.
_TYPE, _DATA = 1, 2
_KEY_TYPES: Final = ("RSA", "Ed25519", "secp256k1", "ECDSA")
_ED25519: Final = 1
#: Multihash codes: `identity` holds what others hash.
_IDENTITY, _SHA256 = 0x00, 0x12
#: A content identifier of version 1 whose content is a key of libp2p.
_CID: Final = b"\x01" + varint(0x72)
_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS: Final = {letter: digit for digit, letter in enumerate(_ALPHABET)}
#: Letters of a peer id, at most: those of an Ed25519 key have 52 or 62.
MAX_TEXT: Final = 128


def raw_key_of(public_key_der: bytes) -> bytes:
    """The 32 bytes of an Ed25519 key that `Identity.public_key_der` holds. Raises ValueError for another key."""
    if len(public_key_der) != len(_SPKI) + _KEY_LENGTH or not public_key_der.startswith(_SPKI):
        raise ValueError("not an Ed25519 key")
    return public_key_der[len(_SPKI) :]


def node_id_of_raw(raw: bytes) -> str:
    """The node id of an Ed25519 key, given as its 32 bytes."""
    return node_id_of_key(_SPKI + raw)


def pack_public_key(raw: bytes) -> bytes:
    """An Ed25519 key as libp2p's `PublicKey`."""
    return field(_TYPE, _ED25519) + field(_DATA, raw)


def unpack_public_key(message: bytes) -> bytes:
    """The 32 bytes of the Ed25519 key in a `PublicKey`. Raises ValueError, and says which kind of key another is."""
    fields = read_fields(message)
    kind, raw = fields.number(_TYPE), fields.string(_DATA)
    if kind is None or raw is None:
        raise ValueError("not a public key")
    if kind != _ED25519:
        name = _KEY_TYPES[kind] if kind < len(_KEY_TYPES) else f"of type {kind}"
        raise ValueError(f"the key is {name}; a node's is Ed25519")
    if len(raw) != _KEY_LENGTH:
        raise ValueError(f"an Ed25519 key has {_KEY_LENGTH} bytes, this one {len(raw)}")
    return raw


def pack_peer_id(raw: bytes) -> bytes:
    """The peer id of an Ed25519 key as bytes: a multihash."""
    key = pack_public_key(raw)
    return varint(_IDENTITY) + varint(len(key)) + key


def unpack_peer_id(data: bytes) -> bytes:
    """The 32 bytes of the Ed25519 key in a peer id. Raises ValueError for one that holds none."""
    if data[:1] == bytes([_SHA256]):
        raise ValueError("the peer id is a hash, of a key that is not Ed25519; a node's is")
    if len(data) < 2 or data[0] != _IDENTITY or data[1] != len(data) - 2:
        raise ValueError("not a peer id")
    raw = unpack_public_key(data[2:])
    if pack_peer_id(raw) != data:
        raise ValueError("the peer id is not written as it should be")
    return raw


def peer_id_text(raw: bytes) -> str:
    """The peer id of an Ed25519 key as people see it: `12D3KooW…`."""
    return _base58(pack_peer_id(raw))


def parse_peer_id(text: str) -> bytes:
    """The 32 bytes of the Ed25519 key in a peer id, `12D3KooW…` or `bafz…`. Raises ValueError."""
    if len(text) > MAX_TEXT:
        raise ValueError(f"a peer id has at most {MAX_TEXT} letters, this one {len(text)}")
    try:
        return unpack_peer_id(_from_cid(text) if text.startswith("b") else _from_base58(text))
    except ValueError as error:
        raise ValueError(f"peer id {text!r}: {error}") from None


def _from_cid(text: str) -> bytes:
    """What a content identifier in base32 (multibase `b`) is of."""
    body = text[1:].upper()
    try:
        data = base64.b32decode(body + "=" * (-len(body) % 8))
    except binascii.Error:
        raise ValueError("not in base32") from None
    if text != text.lower() or not data.startswith(_CID):
        raise ValueError("a content identifier, and not of a key")
    return data[len(_CID) :]


def _base58(data: bytes) -> str:
    number, letters = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        letters = _ALPHABET[digit] + letters
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + letters


def _from_base58(text: str) -> bytes:
    number = 0
    for letter in text:
        digit = _DIGITS.get(letter)
        if digit is None:
            raise ValueError(f"{letter!r} is no letter of base58")
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
