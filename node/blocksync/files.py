"""The two files of a sync: the one that is served in blocks, and its copy.

Their methods block, so they are called on threads (`run_blocking`), several at once. Where nobody waits any more such a
call goes on for a while; a lock keeps `close` away from it, as the number of a closed file may soon be another file's.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from ...actors.base import ConfigError, RemoteError
from ..process import open_for_writing

__all__ = ["CopiedFile", "ServedFile"]


class ServedFile:
    """The file at a path, open for reading. Raises ConfigError where that cannot be."""

    def __init__(self, path: str) -> None:
        try:
            self._file = FileIO(path)
        except OSError as error:
            raise unserved(path, error) from error
        self._lock = threading.Lock()

    @property
    def file(self) -> BinaryIO:
        """The file itself."""
        return self._file

    def read(self, place: int, size: int, count: int) -> list[bytes]:
        """`count` blocks of `size` bytes from `place` on; the last may be shorter. Nothing where the file is closed."""
        with self._lock:
            if self._file.closed:
                return []
            number = self._file.fileno()
            return [os.pread(number, size, place + size * each) for each in range(count)]

    def close(self) -> None:
        """Close it. Idempotent."""
        with self._lock:
            self._file.close()


class CopiedFile:
    """A file that is being written: beside its place first, in its place when it is whole. Raises OSError.

    Blocks of `block_size` bytes have the SHA-256 `blocks`, and the whole `sha256`.
    """

    def __init__(self, path: Path, block_size: int, blocks: Sequence[bytes], sha256: bytes) -> None:
        self._path = path
        self._block_size = block_size
        self._blocks = blocks
        self._sha256 = sha256
        self._part = path.with_name(f"{path.name}.part")
        self._file = open_for_writing(self._part, 0o644)
        self._lock = threading.Lock()

    def put(self, index: int, data: bytes) -> bool:
        """Write the block, if it is the right one; False: it is not."""
        if hashlib.sha256(data).digest() != self._blocks[index]:
            return False
        with self._lock:
            if not self._file.closed:
                os.pwrite(self._file.fileno(), data, index * self._block_size)
        return True

    def finish(self) -> None:
        """All blocks are there: look at the whole, and put it in its place. Raises RemoteError where it is wrong."""
        self._file.seek(0)
        if hashlib.file_digest(self._file, "sha256").digest() != self._sha256:
            raise RemoteError("wrong_copy", f"every block of {self._path} is right, the whole is not")
        self._part.replace(self._path)

    def close(self) -> None:
        """Close it, and remove what is not whole. Idempotent."""
        with self._lock:
            self._file.close()
        self._part.unlink(missing_ok=True)


def unserved(path: str, error: OSError) -> ConfigError:
    """Why the file at `path` cannot be served."""
    return ConfigError(f"{path} cannot be served: {error.strerror}")
