"""What the check needs of a candidate: to listen and to dial with a node's key, and two flows of bytes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Protocol

from peerbus.transports import Identity, Transport

__all__ = ["Candidate", "Pipe", "Serve", "read_exactly"]


class Pipe(Protocol):
    """One end of a stream of bytes."""

    @property
    def peer(self) -> str | None:
        """The node id that the other side has proven by the library's public interface; None: it cannot."""
        ...

    async def send(self, data: bytes) -> None:
        """Send, and wait as long as the library says that it takes no more. Raises what the library raises."""
        ...

    async def receive(self) -> bytes:
        """Wait for bytes; b"" at the clean end."""
        ...

    async def close(self) -> None:
        """End it cleanly: what was sent arrives."""
        ...


#: What a listener does with each pipe; the pipe is over when it returns.
Serve = Callable[[Pipe], Coroutine[object, object, None]]


class Candidate(Protocol):
    """One library, as far as it goes."""

    #: What pip installs, the first being the library itself.
    packages: tuple[str, ...]
    #: What of it is not by its public interface, or else to be known; '' for nothing.
    remark: str

    async def listen(self, identity: Identity, serve: Serve) -> str:
        """Listen at a free port of 127.0.0.1; returns the place that `dial` takes. Once an object."""
        ...

    async def dial(self, identity: Identity, place: str, expected: str) -> Pipe:
        """Open a pipe to the node `expected` there. Raises where another node answers."""
        ...

    async def aclose(self) -> None:
        """Let go of all that it holds."""
        ...

    def transport(self, identity: Identity) -> Transport | None:
        """The library as a carrier of the bus, where somebody has written that."""
        ...


async def read_exactly(pipe: Pipe, size: int) -> bytes:
    """Read that many bytes, of a pipe on which no more come by then. Raises EOFError where it ends before."""
    parts: list[bytes] = []
    while size > 0:
        data = await pipe.receive()
        if not data:
            raise EOFError(f"it ended {size} bytes early")
        parts.append(data)
        size -= len(data)
    return b"".join(parts)
