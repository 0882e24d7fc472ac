"""What comes from a terminal, as keys: characters, and names for those that send several bytes."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

__all__ = ["KeyReader"]

#: After the escape character, as terminals send them (ECMA-48 §8.3.22, and xterm's application mode).
_SEQUENCES = {
    "[A": "up",
    "[B": "down",
    "[C": "right",
    "[D": "left",
    "OA": "up",
    "OB": "down",
    "OC": "right",
    "OD": "left",
    "[5~": "pageup",
    "[6~": "pagedown",
    "[H": "home",
    "[1~": "home",
    "OH": "home",
    "[F": "end",
    "[4~": "end",
    "OF": "end",
    "[Z": "backtab",
}
_NAMED = {"\t": "tab", "\r": "enter", "\n": "enter", "\x7f": "backspace", "\x08": "backspace"}
_ESCAPE = "\x1b"


class KeyReader:
    """Bytes in, keys out. A sequence comes in one piece, as terminals send it: an escape character that is the last of
    what came is the key itself. Sequences of no meaning here are left out.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, data: bytes) -> Iterator[str]:
        """The keys in what came."""
        text = self._decoder.decode(data)
        while text:
            if text[0] != _ESCAPE or len(text) == 1:
                key = "escape" if text == _ESCAPE else _NAMED.get(text[0], text[0])
                text = text[1:]
                if len(key) > 1 or key.isprintable():
                    yield key
                continue
            sequence = _sequence(text[1:])
            text = text[1 + len(sequence) :]
            if not sequence:
                yield "escape"
            elif key := _SEQUENCES.get(sequence, ""):
                yield key


def _sequence(text: str) -> str:
    """What belongs to the escape character before this text: `[`, parameters and a final byte, or `O` and one more."""
    if text[0] == "O":
        return text[:2]
    if text[0] != "[":
        return ""
    for number, character in enumerate(text[1:], 2):
        if "@" <= character <= "~":
            return text[:number]
    return text
