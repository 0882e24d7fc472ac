"""Bytes both ways after a Noise handshake, without I/O: sealed messages behind their lengths (libp2p specs/noise)."""

from __future__ import annotations

from typing import Final

from .noise import MAX_MESSAGE, TAG, NoiseCipher

__all__ = ["LENGTH", "MAX_PLAIN", "SEALED", "SecureChannel", "framed"]

#: Bytes of a length.
LENGTH: Final = 2
#: Bytes that a message has around what it carries.
SEALED: Final = LENGTH + TAG
#: Bytes that one message carries.
MAX_PLAIN: Final = MAX_MESSAGE - TAG


def framed(message: bytes) -> bytes:
    """A message behind its length."""
    return len(message).to_bytes(LENGTH, "big") + message


class SecureChannel:
    """Seals what is to be sent, and opens what came, in whatever pieces."""

    __slots__ = ("_incoming", "_outgoing", "_part", "_whole")

    def __init__(self, outgoing: NoiseCipher, incoming: NoiseCipher) -> None:
        self._outgoing = outgoing
        self._incoming = incoming
        #: A message that has come in part, and how many bytes it needs before there is more to know.
        self._part = bytearray()
        self._whole = 0

    @property
    def retained(self) -> int:
        """Bytes of a message that has come in part."""
        return len(self._part)

    def seal(self, data: bytes) -> bytes:
        """What to send for these bytes, however many."""
        if len(data) <= MAX_PLAIN:
            return framed(self._outgoing.seal(data))
        view = memoryview(data)
        parts = [self._outgoing.seal(view[at : at + MAX_PLAIN]) for at in range(0, len(data), MAX_PLAIN)]
        return b"".join(map(framed, parts))

    def open(self, data: bytes) -> list[bytes]:
        """Bytes came: what each message that is whole by now holds. Raises ValueError where one cannot be opened."""
        have: bytes | bytearray = data
        if not self._part and len(data) > LENGTH and len(data) == LENGTH + (data[0] << 8 | data[1]):
            return [self._incoming.open(data[LENGTH:])]  # one message alone, as most that are small come
        if self._part:
            self._part += data
            if len(self._part) < self._whole:
                return []
            have, self._part = self._part, bytearray()
        opened, view, at, size = [], memoryview(have), 0, len(have)
        self._whole = LENGTH
        while size - at >= LENGTH:
            end = at + LENGTH + (have[at] << 8 | have[at + 1])
            if end > size:
                self._whole = end - at
                break
            opened.append(self._incoming.open(view[at + LENGTH : end]))
            at = end
        if at < size:
            self._part += view[at:]
        return opened
