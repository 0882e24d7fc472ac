"""Whether a node answers at a place: as far as its event loop goes round, and no further."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ..actors.base import DialFailed, ProtocolError
from ..transports.kinds import make_transport
from ..transports.streams import Endpoint, Identity, TransportOptions
from ..transports.wire import MAGIC

__all__ = ["PingAnswer", "ping"]


@dataclass(frozen=True, slots=True)
class PingAnswer:
    """A node answered. `node_id`: as it has proved; None on a Unix socket, which proves nothing. Times in seconds."""

    node_id: str | None
    seconds: float


async def ping(endpoint: Endpoint, *, timeout: float) -> PingAnswer:
    """Open a connection and wait for the first word of the other side, `timeout` seconds for both.

    The kernel takes connections for a process that stands still; that word comes from its event loop. The caller needs
    no key and no network: it goes before it has said who it is.
    Raises DialFailed where nobody answers, HandshakeFailed for another node, ProtocolError where no node answers.
    """
    loop = asyncio.get_running_loop()
    begin = loop.time()
    transport = make_transport(endpoint, TransportOptions(identity=Identity.generate()))
    stream = await transport.dial(endpoint, expect=endpoint.peer_id, timeout=timeout)
    try:
        heard = b""
        async with asyncio.timeout_at(begin + timeout):
            while len(heard) < len(MAGIC):
                more = await stream.read()
                if not more:
                    raise DialFailed(f"{endpoint}: the connection was closed without a word")
                heard += more
    except TimeoutError:
        raise DialFailed(f"{endpoint}: it took the connection, and said nothing within {timeout:g} s") from None
    finally:
        stream.abort()
    if not heard.startswith(MAGIC):
        raise ProtocolError("magic", f"{endpoint}: what answers there is no node")
    return PingAnswer(stream.peer_id, loop.time() - begin)
