"""Unsigned varints, as multiformats and protobuf write numbers: seven bits a byte, the lowest first."""

from __future__ import annotations

from typing import Final

__all__ = ["Delimited", "read_varint", "varint"]

#: Bytes of one, at most (multiformats/unsigned-varint, "Practical maximum").
MAX_BYTES: Final = 9


def varint(number: int) -> bytes:
    """That number, which is not negative."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data: bytes | bytearray | memoryview, at: int = 0) -> tuple[int, int] | None:
    """The number that stands at `at`, and where it ends; None where its end has not come.

    Raises ValueError for one that is too long, or longer than it need be.
    """
    number = 0
    for index in range(at, min(at + MAX_BYTES, len(data))):
        byte = data[index]
        number |= (byte & 0x7F) << 7 * (index - at)
        if byte < 0x80:
            if not byte and index > at:
                raise ValueError("a number with more bytes than it needs")
            return number, index + 1
    if len(data) - at >= MAX_BYTES:
        raise ValueError(f"a number of more than {MAX_BYTES} bytes")
    return None


class Delimited:
    """Cuts bytes that come in any pieces into messages, each behind its length. None is longer than `limit`."""

    __slots__ = ("_have", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._have = bytearray()

    def feed(self, data: bytes) -> None:
        """These bytes came."""
        self._have += data

    def could_begin(self, message: bytes) -> bool:
        """Whether that, with its length, is what comes next, as far as it has come."""
        size = min(len(self._have), len(message))
        return self._have[:size] == message[:size]

    def next(self) -> bytes | None:
        """The next message; None: it is not whole yet. Raises ValueError for one that is empty, or above the limit."""
        found = read_varint(self._have)
        if found is None:
            return None
        size, at = found
        if not 0 < size <= self._limit:
            raise ValueError(f"a message of {size} bytes, not of 1 to {self._limit}")
        if len(self._have) < at + size:
            return None
        message = bytes(self._have[at : at + size])
        del self._have[: at + size]
        return message

    def rest(self) -> bytes:
        """What came behind the last message; it is taken out."""
        rest = bytes(self._have)
        self._have.clear()
        return rest
