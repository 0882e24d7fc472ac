"""multistream-select 1.0 (libp2p specs/connections): how two sides agree on what a stream is for, without I/O.

Each line stands behind its length and ends with a newline. Both say which version they speak; then one names a
protocol, and the other says the same, or `na`.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from .varint import Delimited, varint

__all__ = ["Offering", "ProtocolRefused", "Selecting", "line_of"]

VERSION: Final = "/multistream/1.0.0"
NOT_AVAILABLE: Final = "na"
#: Bytes of a line, as in go-multistream.
MAX_LINE: Final = 1024
#: Protocols that one may name in vain: a host of IPFS knows some fifty, and asks for one at a time.
MAX_TRIES: Final = 16


class ProtocolRefused(Exception):
    """The other side does not speak the protocol that was named."""


def line_of(text: str) -> bytes:
    """One line as it travels."""
    data = text.encode() + b"\n"
    return varint(len(data)) + data


class Selecting:
    """The side that names a protocol. `agreed`: the other one speaks it."""

    __slots__ = ("_lines", "_wanted", "agreed")

    def __init__(self, protocol: str) -> None:
        self._wanted = [VERSION, protocol]
        self._lines = Delimited(MAX_LINE)
        self.agreed: str | None = None

    def start(self) -> bytes:
        """What to send first: both lines, so that it takes one round trip."""
        return b"".join(map(line_of, self._wanted))

    def receive(self, data: bytes) -> bytes:
        """Bytes came; what to send for them. Raises ProtocolRefused, and ValueError for what is none of all this."""
        self._lines.feed(data)
        if len(self._wanted) == 2:
            _check_version(self._lines)
        while self.agreed is None and (line := self._lines.next()) is not None:
            said = _text_of(line)
            if said == self._wanted[0]:
                _, *self._wanted = self._wanted
                if not self._wanted:
                    self.agreed = said
            elif said == NOT_AVAILABLE:
                raise ProtocolRefused(f"the other side does not speak {self._wanted[0]}")
            else:
                raise ValueError(f"asked for {self._wanted[0]}, and was told {said[:80]!r}")
        return b""

    def rest(self) -> bytes:
        """What came behind the agreement."""
        return self._lines.rest()


class Offering:
    """The side that is asked. `agreed`: the protocol, one of those that it knows."""

    __slots__ = ("_known", "_lines", "_tries", "_versions", "agreed")

    def __init__(self, known: Container[str]) -> None:
        self._known = known
        self._lines = Delimited(MAX_LINE)
        self._versions = False
        self._tries = 0
        self.agreed: str | None = None

    def start(self) -> bytes:
        """What to send first: the version, which nobody need wait for."""
        return line_of(VERSION)

    def receive(self, data: bytes) -> bytes:
        """Bytes came; what to send for them. Raises ValueError where nothing can come of it."""
        self._lines.feed(data)
        if not self._versions:
            _check_version(self._lines)
        answers = b""
        while self.agreed is None and (line := self._lines.next()) is not None:
            said = _text_of(line)
            if not self._versions:
                self._versions = True
            elif said in self._known:
                self.agreed = said
                answers += line_of(said)
            else:
                self._tries += 1
                if self._tries > MAX_TRIES:
                    raise ValueError(f"it has named {MAX_TRIES} protocols in vain")
                answers += line_of(NOT_AVAILABLE)
        return answers

    def rest(self) -> bytes:
        """What came behind the agreement."""
        return self._lines.rest()


def _check_version(lines: Delimited) -> None:
    """Raise ValueError for whoever speaks something else: the first bytes tell, and nothing more is waited for."""
    if not lines.could_begin(line_of(VERSION)):
        raise ValueError(f"it does not speak {VERSION}")


def _text_of(line: bytes) -> str:
    """A line without its end. Raises ValueError: it has none, or is no text."""
    if line[-1:] != b"\n":
        raise ValueError("a line has no end")
    return line[:-1].decode()  # UnicodeDecodeError is a ValueError
