"""The corner of protobuf that libp2p's handshakes need: messages whose fields are numbers and bytes."""

from __future__ import annotations

from typing import Final

from .varint import read_varint, varint

__all__ = ["Fields", "field", "read_fields"]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
#: Bytes of the values that nobody here reads.
_SKIPPED: Final = {_FIXED64: 8, _FIXED32: 4}


def field(number: int, value: bytes | int) -> bytes:
    """One field of a message: a number, or a string of bytes."""
    if isinstance(value, int):
        return varint(number << 3 | _VARINT) + varint(value)
    return varint(number << 3 | _BYTES) + varint(len(value)) + value


class Fields:
    """What the fields of one message hold, by their numbers."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[int, list[bytes | int]] = {}

    def add(self, number: int, value: bytes | int) -> None:
        """One more value of a field."""
        self._found.setdefault(number, []).append(value)

    def number(self, field: int) -> int | None:
        """The last number of that field; None: it has none. Raises ValueError where it holds bytes."""
        value = self._found.get(field, (None,))[-1]
        if isinstance(value, bytes):
            raise ValueError(f"field {field} is not a number")
        return value

    def string(self, field: int) -> bytes | None:
        """The last string of bytes of that field; None: it has none. Raises ValueError where it holds a number."""
        value = self._found.get(field, (None,))[-1]
        if isinstance(value, int):
            raise ValueError(f"field {field} is a number")
        return value

    def strings(self, field: int) -> list[bytes]:
        """Every string of bytes of a field that may stand more than once. Raises ValueError where one is a number."""
        values = self._found.get(field, [])
        strings = [value for value in values if isinstance(value, bytes)]
        if len(strings) != len(values):
            raise ValueError(f"field {field} is a number")
        return strings


def read_fields(data: bytes) -> Fields:
    """Read a message; fields of kinds that nobody here reads are skipped. Raises ValueError."""
    fields, at = Fields(), 0
    while at < len(data):
        tag, at = _number(data, at)
        number, kind = tag >> 3, tag & 7
        if kind in _SKIPPED:
            at += _SKIPPED[kind]
        elif kind == _VARINT:
            value, at = _number(data, at)
            fields.add(number, value)
        elif kind == _BYTES:
            size, at = _number(data, at)
            if at + size <= len(data):
                fields.add(number, data[at : at + size])
            at += size
        else:
            raise ValueError(f"field {number} is of kind {kind}")
        if at > len(data):
            raise ValueError(f"field {number} is cut short")
    return fields


def _number(data: bytes, at: int) -> tuple[int, int]:
    found = read_varint(data, at)
    if found is None:
        raise ValueError("a number is cut short")
    return found
