"""What commands write on: a terminal in colours, or a file without; text from peers does nothing to either."""

# Law 1. Text from elsewhere is shown, never obeyed: it passes `printable` before it is said, and JSON passes here.
# Law 2. Colours are for terminals (and NO_COLOR, no-color.org, turns them off), and say nothing that words do not.
# Law 3. Lines are cut to the width of a terminal, and of nothing else: a file, or a pipe, gets all of it.

from __future__ import annotations

import enum
import os
import shutil
import sys
import unicodedata
from collections.abc import Mapping
from typing import TextIO

import msgspec

from ..api import as_json
from ..output import SPELLED, unwritten

__all__ = ["Colour", "Terminal", "columns_of", "cut"]

#: The narrowest terminal that tables are made for.
NARROW = 40


class Colour(enum.StrEnum):
    """By what it means, as ECMA-48 (8.3.117) numbers it."""

    GOOD = "32"
    BAD = "31"
    NOTABLE = "33"
    FAINT = "2"
    HEAD = "1"


class Terminal:
    """See the module. `columns`: how wide it is; None: no terminal, nothing is cut."""

    def __init__(self, stream: TextIO | None = None, environment: Mapping[str, str] | None = None) -> None:
        self._stream = sys.stdout if stream is None else stream
        environment = os.environ if environment is None else environment
        tty = self._stream.isatty()
        dumb = environment.get("TERM") == "dumb"
        self.colours: bool = tty and not dumb and not environment.get("NO_COLOR")
        self._alphabet = self._stream.encoding or "utf-8"
        #: One column that stands for what is left out.
        self.more: str = "…" if _has(self._alphabet, "…") else "~"
        self.columns: int | None = max(NARROW, shutil.get_terminal_size().columns) if tty else None

    def paint(self, text: str, colour: Colour | None) -> str:
        """A text in a colour, where there are any."""
        return f"\x1b[{colour}m{text}\x1b[0m" if self.colours and colour is not None and text else text

    def say(self, *lines: str) -> None:
        """Write lines. Raises SystemExit where they cannot be written, as where `| head` has gone."""
        # A path, or a variable, may hold bytes that are no text; and a terminal's alphabet may be smaller than ours.
        text = "".join(f"{line}\n" for line in lines).encode(self._alphabet, SPELLED).decode(self._alphabet)
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError as error:
            raise SystemExit(unwritten(self._stream, error)) from None

    def say_json(self, value: object, *, indent: int = 2) -> None:
        """Write a value as JSON; `indent` 0: in one line."""
        encoded = as_json(value)
        text = (msgspec.json.format(encoded, indent=indent) if indent else encoded).decode()
        self.say("".join(each if self._shows(each) else _as_json_escape(each) for each in text))

    def _shows(self, character: str) -> bool:
        return character == "\n" or (character.isprintable() and _has(self._alphabet, character))


def columns_of(text: str) -> int:
    """How many columns a printable text takes (UAX #11: wide characters take two, combining ones none)."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text
    )


def cut(text: str, columns: int, more: str = "…") -> str:
    """The text in at most `columns`; `more`, of one column, stands for what is left out."""
    if columns_of(text) <= columns:
        return text
    found, taken = "", 1
    for each in text:
        taken += columns_of(each)
        if taken > columns:
            break
        found += each
    return f"{found}{more}"


def _has(alphabet: str, character: str) -> bool:
    if character.isascii():
        return True
    try:
        character.encode(alphabet)
    except UnicodeEncodeError:
        return False
    return True


def _as_json_escape(character: str) -> str:
    """RFC 8259, 7: beyond the basic plane two escapes."""
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
