"""What the accepting side of the check does with a pipe, by the first byte that comes."""

from __future__ import annotations

from .pipe import Pipe

__all__ = ["ECHO", "LAST_WORDS", "PART", "SINK", "WORDS", "count", "serve"]

#: Send back what comes · count what comes, with a word after each `PART` · say `WORDS` and end.
ECHO, SINK, LAST_WORDS = b"e", b"s", b"l"
#: Bytes after which a sink says that they are here.
PART = 1024 * 1024
#: What is said last.
WORDS = b"last words " * 10_000


async def serve(pipe: Pipe) -> None:
    """Do what the first byte asks for, until the other side has ended."""
    data = await pipe.receive()
    what, rest = data[:1], data[1:]
    if what == ECHO:
        while rest or (rest := await pipe.receive()):
            await pipe.send(rest)
            rest = b""
    elif what == SINK:
        await count(pipe, len(rest))
    elif what == LAST_WORDS:
        await pipe.send(WORDS)
    else:
        raise ValueError(f"nobody asks for {what!r}")
    await pipe.close()


async def count(pipe: Pipe, got: int = 0) -> None:
    """Read all that comes, and say so after each `PART`; `got`: bytes that have come before."""
    said = 0
    while data := await pipe.receive():
        got += len(data)
        while got - said >= PART:
            said += PART
            await pipe.send(b"+")
