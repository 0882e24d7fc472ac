"""Stands where a codec reads what a peer sends, and reads nothing: the peer may not send it."""

from __future__ import annotations

from collections.abc import Callable

from ...actors.base import NotAllowed

__all__ = ["Refusing"]


class Refusing:
    """In place of a codec, so that the rules cost a message that is allowed nothing. `verb`: what is refused."""

    __slots__ = ("_verb", "decoders")

    def __init__(self, verb: str) -> None:
        self._verb = verb
        #: There are none: whoever looks for one turns to `decode`, which says why.
        self.decoders: list[Callable[[bytes | memoryview], object]] = []

    def decode(self, number: int, payload: bytes | memoryview) -> object:
        """Raises NotAllowed, whatever the message is: its bytes are not looked at."""
        raise NotAllowed(f"its operator does not let this peer {self._verb} on that channel")
