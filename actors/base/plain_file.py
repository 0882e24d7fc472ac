"""Opening a file that somebody else may have put in its place: what is no file is refused, and nothing waits for it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["NoFile", "opened_file"]

#: A pipe would wait for whoever writes to it, and a terminal could become this process's own.
_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class NoFile(ValueError):
    """It is a folder, a pipe, a socket or a device."""


@contextmanager
def opened_file(path: str | os.PathLike[str]) -> Iterator[int]:
    """A file's descriptor, for reading, which is closed at the end. Links are followed.

    Raises: OSError where it cannot be opened, NoFile for what is none, ValueError for a path with a NUL in it.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NoFile("it is no file")
        yield descriptor
    finally:
        os.close(descriptor)
