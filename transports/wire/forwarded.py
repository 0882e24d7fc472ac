"""A message of a channel that is handed on unread, between two other processes."""

from __future__ import annotations

from ...actors.mailbox import MessageTrace

__all__ = ["Forwarded"]


class Forwarded:
    """A message of a channel that this process hands on unread: its type number, its bytes, its trace or None."""

    __slots__ = ("number", "payload", "trace", "type_name")

    def __init__(self, number: int, payload: bytes, type_name: str = "") -> None:
        self.number = number
        self.payload = payload
        self.type_name = type_name
        self.trace: MessageTrace | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Forwarded):
            return NotImplemented
        return self.number == other.number and self.payload == other.payload

    __hash__ = None  # type: ignore[assignment]  # it is compared, and never a key

    def __repr__(self) -> str:
        return f"<{self.type_name or 'answer'}, {len(self.payload)} bytes, unread>"
