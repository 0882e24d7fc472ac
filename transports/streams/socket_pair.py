"""One end of a socket pair as a stream: between a process and one that it has started, and open to nobody else."""

from __future__ import annotations

import socket

from .endpoint import Endpoint
from .socket_handshake import open_stream
from .transport import Stream
from .unix import UNIX

__all__ = ["stream_of_pair"]


async def stream_of_pair(end: socket.socket, name: str) -> Stream:
    """Take over one end. `name`: how the place is called, in logs."""
    end.setblocking(False)
    stream = await open_stream(end, tls=None, server_side=False)
    place = Endpoint(UNIX.scheme.name, path=f"/{name}")
    stream.place(place, place, own_id=None)
    return stream
