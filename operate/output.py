"""What becomes of output that cannot be written: a line says so, and it is a status of ours.

The interpreter would find at its end what is left, and end with 120 in place of the command's status. A character that
an output's alphabet lacks, as that of ISO 8859-1 lacks dashes, is written by those that it has, and never an error.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from contextlib import suppress
from typing import Final, TextIO

__all__ = ["SPELLED", "UNREAD", "flushed", "spell_out", "unwritten"]

#: The name of what spells a character in others, for `str.encode` and streams.
SPELLED: Final = "peerbus.spelled"
#: What commands and pages write beyond ASCII, by what stands for it.
_SPELLED_BY: Final = {
    "...": "…",
    "-": "–—−─",
    "|": "│▏▕",
    "+": "┌┐└┘├┤┬┴┼",
    "#": "█▓▒░▁▂▃▄▅▆▇▉▊▋▌▍▎",
    ">": "→▶",
    "<": "←◀",
    "^": "↑▲",
    "v": "↓▼",
    "<=": "≤",
    ">=": "≥",
    ".": "·",
    "x": "×",
    "u": "µ",
    "yes": "✓",
    "no": "✗",
}
_SPELLING: Final = {character: text for text, characters in _SPELLED_BY.items() for character in characters}


#: The exit status where nobody reads the output, as the shell has it of a program that SIGPIPE ends: 128 + 13.
UNREAD: Final = 141
#: Of a full disk, or a terminal that has gone.
_FAILED: Final = 1


def _spelled(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacked = error.object[error.start : error.end]
    text = "".join(_SPELLING.get(each) or each.encode("ascii", "backslashreplace").decode() for each in lacked)
    return text, error.end


codecs.register_error(SPELLED, _spelled)


def spell_out(*streams: TextIO | None) -> None:
    """Let these write what their alphabets lack by what they have, unless PYTHONIOENCODING says how else."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape", "backslashreplace"):
            with suppress(OSError):  # what was written before cannot be: `flushed` says so
                stream.reconfigure(errors=SPELLED)


def flushed(stream: TextIO | None) -> int:
    """Write what is left of an output. Returns the exit status: 0, or that of `unwritten`."""
    if stream is not None and not stream.closed:
        try:
            stream.flush()
        except OSError as error:
            return unwritten(stream, error)
    return 0


def unwritten(stream: TextIO, error: OSError) -> int:
    """Let what is left go nowhere, and say so unless the reader has gone, as `| head` does. Returns the exit status."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    if isinstance(error, BrokenPipeError):
        return UNREAD
    with suppress(OSError):  # the same terminal
        sys.stderr.write(f"peerbus: the output was not written: {error.strerror}\n")
    return _FAILED
