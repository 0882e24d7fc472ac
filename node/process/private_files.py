"""Files and folders that this process makes: nobody else writes them, under any umask, and no link leads to them."""

# Law 1. A mode is said, and never left to the umask alone: a service may begin with 000.
# Law 2. What is written is written to a file of that very name: where a link stands there, somebody else chose the
#        place (CWE-59).

from __future__ import annotations

import contextlib
import io
import os
import secrets
from pathlib import Path

__all__ = ["make_private_folder", "open_for_writing", "write_whole"]


def make_private_folder(folder: Path) -> None:
    """Make sure of a folder; it, and those above it that are missing, are made their owner's alone. Raises OSError."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
    if not folder.is_dir():
        folder.mkdir(mode=0o700)  # for its error, which says what stands there


def open_for_writing(path: Path, mode: int = 0o600) -> io.FileIO:
    """Open an empty file for writing and reading, unbuffered. One that is made has that `mode`. Raises OSError."""
    flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    return io.FileIO(os.open(path, flags, mode), "r+b")


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file whole or not at all, in the place of what is there. Raises OSError."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        descriptor = os.open(draft, flags, mode)
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
