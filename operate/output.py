"""What becomes of output that cannot be written: a line says so, and it is a status of ours.

The interpreter would find at its end what is left, and end with 120 in place of the command's status.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Final, TextIO

__all__ = ["UNREAD", "flushed", "unwritten"]

#: The exit status where nobody reads the output, as the shell has it of a program that SIGPIPE ends: 128 + 13.
UNREAD: Final = 141
#: Of a full disk, or a terminal that has gone.
_FAILED: Final = 1


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
