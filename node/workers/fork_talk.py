"""What the node and its fork server say to each other, each word in a packet of its own."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

__all__ = ["LARGEST", "Fork", "ForkDone", "Gone", "ServerWord", "read_fork", "read_word", "status_of"]

#: Bytes of one word.
LARGEST = 256 * 1024


class Fork(msgspec.Struct, frozen=True, array_like=True):
    """To the server, with the worker's socket and its silent pipe: fork one that is told this."""

    number: int
    setup: bytes


class ForkDone(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """From it: this process is the one of that number. 0 as the number: the server has begun; as `pid`: it failed."""

    number: int
    pid: int
    text: str = ""


class Gone(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """From it: this process has ended; `status` as `os.waitstatus_to_exitcode` says."""

    pid: int
    status: int


ServerWord: TypeAlias = ForkDone | Gone
_WORDS: msgspec.msgpack.Decoder[ServerWord] = msgspec.msgpack.Decoder(ServerWord)
_FORKS = msgspec.msgpack.Decoder(Fork)


def read_word(data: bytes) -> ServerWord:
    """Read one of the server's. Raises msgspec.DecodeError."""
    return _WORDS.decode(data)


def read_fork(data: bytes) -> Fork:
    """Read one of the node's. Raises msgspec.DecodeError."""
    return _FORKS.decode(data)


def status_of(error: SystemExit | KeyboardInterrupt) -> int:
    """With what a process exits that an actor has ended so, as Python would have it."""
    if isinstance(error, KeyboardInterrupt):
        return 130
    if error.code is None:
        return 0
    return error.code & 0xFF if isinstance(error.code, int) else 1
