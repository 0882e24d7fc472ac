"""Noise_XX_25519_ChaChaPoly_SHA256 (The Noise Protocol Framework, revision 34), without I/O."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

__all__ = ["MAX_MESSAGE", "TAG", "NoiseCipher", "NoiseHandshake"]

#: Bytes of a message, with the 16 of its tag (§3).
MAX_MESSAGE: Final = 65_535
TAG: Final = 16
_NAME: Final = b"Noise_XX_25519_ChaChaPoly_SHA256"  # 32 bytes, a hash's length: it stands as it is (§5.2)
_KEY: Final = 32
#: What the two sides say in turn, the initiator first (§7.5).
_PATTERN: Final = (("e",), ("e", "ee", "s", "es"), ("s", "se"))


class NoiseCipher:
    """One direction: messages that are sealed, or opened, in the order in which they were made."""

    __slots__ = ("_cipher", "_count")

    def __init__(self, key: bytes) -> None:
        self._cipher = ChaCha20Poly1305(key)
        self._count = 0

    def seal(self, data: bytes | memoryview, beside: bytes | None = None) -> bytes:
        """The sealed message, TAG bytes longer."""
        nonce = b"\0\0\0\0" + self._count.to_bytes(8, "little")
        self._count += 1
        return self._cipher.encrypt(nonce, data, beside)

    def open(self, data: bytes | memoryview, beside: bytes | None = None) -> bytes:
        """What was sealed. Raises ValueError where it was changed, or is not the next."""
        nonce = b"\0\0\0\0" + self._count.to_bytes(8, "little")
        self._count += 1
        try:
            return self._cipher.decrypt(nonce, data, beside)
        except InvalidTag:
            raise ValueError("a sealed message that cannot be opened") from None


class NoiseHandshake:
    """One side of a handshake: `write` and `read` in turn, the initiator writes first; three messages, then `split`.

    `remote`: the other side's static key, once it has said it. `static`, and for test vectors `ephemeral`, are this
    side's keys.
    """

    def __init__(
        self,
        *,
        initiator: bool,
        static: X25519PrivateKey,
        ephemeral: X25519PrivateKey | None = None,
        prologue: bytes = b"",
    ) -> None:
        self._initiator = initiator
        self._static = static
        self._ephemeral = X25519PrivateKey.generate() if ephemeral is None else ephemeral
        self._turn = 0
        self._key = self._hash = _NAME
        self._cipher: NoiseCipher | None = None
        self._remote_ephemeral = b""
        self.remote = b""
        self._mix_hash(prologue)

    @property
    def done(self) -> bool:
        """Whether all is said."""
        return self._turn == len(_PATTERN)

    @property
    def hash(self) -> bytes:
        """What both have said, as one hash: the same on both sides."""
        return self._hash

    def write(self, payload: bytes) -> bytes:
        """This side's next message."""
        out = b""
        for step in self._next():
            if step == "e":
                key = self._ephemeral.public_key().public_bytes_raw()
                self._mix_hash(key)
                out += key
            elif step == "s":
                out += self._seal(self._static.public_key().public_bytes_raw())
            else:
                self._agree(step)
        return out + self._seal(payload)

    def read(self, message: bytes) -> bytes:
        """What the other side's next message holds. Raises ValueError for one that is not right."""
        at = 0
        for step in self._next():
            if step == "e":
                self._remote_ephemeral, at = _cut(message, at, _KEY)
                self._mix_hash(self._remote_ephemeral)
            elif step == "s":
                sealed, at = _cut(message, at, _KEY + TAG)
                self.remote = self._open(sealed)
            else:
                self._agree(step)
        return self._open(message[at:])

    def split(self) -> tuple[NoiseCipher, NoiseCipher]:
        """What this side seals with, and what it opens with (§5.2)."""
        first, second = (NoiseCipher(key) for key in _two_keys(self._key, b""))
        return (first, second) if self._initiator else (second, first)

    def _next(self) -> tuple[str, ...]:
        steps = _PATTERN[self._turn]
        self._turn += 1
        return steps

    def _agree(self, step: str) -> None:
        """Mix in what two keys give: the initiator's is named first."""
        mine, theirs = (step[0], step[1]) if self._initiator else (step[1], step[0])
        private = self._static if mine == "s" else self._ephemeral
        public = self.remote if theirs == "s" else self._remote_ephemeral
        # Raises ValueError where nothing secret came of it: the other side's key was chosen for that (RFC 7748 §6.1).
        shared = private.exchange(X25519PublicKey.from_public_bytes(public))
        self._key, key = _two_keys(self._key, shared)
        self._cipher = NoiseCipher(key)

    def _mix_hash(self, data: bytes) -> None:
        self._hash = hashlib.sha256(self._hash + data).digest()

    def _seal(self, data: bytes) -> bytes:
        out = data if self._cipher is None else self._cipher.seal(data, self._hash)
        self._mix_hash(out)
        return out

    def _open(self, data: bytes) -> bytes:
        out = data if self._cipher is None else self._cipher.open(data, self._hash)
        self._mix_hash(data)
        return out


def _two_keys(key: bytes, mixed: bytes) -> tuple[bytes, bytes]:
    """HKDF with two outputs (§4.3)."""
    secret = hmac.digest(key, mixed, "sha256")
    first = hmac.digest(secret, b"\1", "sha256")
    return first, hmac.digest(secret, first + b"\2", "sha256")


def _cut(message: bytes, at: int, size: int) -> tuple[bytes, int]:
    if len(message) < at + size:
        raise ValueError("a message of the handshake is cut short")
    return message[at : at + size], at + size
