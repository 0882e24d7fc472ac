"""One end of a socket pair as a stream: between a process and one that it has started, and open to nobody else."""

from __future__ import annotations

import contextlib
import socket

from .endpoint import Endpoint
from .socket_handshake import open_stream
from .transport import WHOLE_HERE, Stream
from .unix import UNIX

__all__ = ["stream_of_pair"]


async def stream_of_pair(end: socket.socket, name: str) -> Stream:
    """Take over one end. `name`: how the place is called, in logs."""
    end.setblocking(False)
    _widen(end)
    stream = await open_stream(end, tls=None, server_side=False)
    place = Endpoint(UNIX.scheme.name, path=f"/{name}")
    stream.place(place, place, own_id=None)
    return stream


def _widen(end: socket.socket) -> None:
    """Let a body of 1 MiB go in one piece, as far as the system lets us: the other end is woken once, and none is kept.

    With the 208 KiB that Linux gives it took five turns of both loops, and a copy of what the first did not take.
    """
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * WHOLE_HERE)
