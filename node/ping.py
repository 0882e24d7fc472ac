"""Whether a node answers at a place: as far as its event loop goes round, and no further."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ..actors.base import DialFailed, HandshakeFailed, ProtocolError, StreamBroken
from ..transports.admission import ENTRY_MAGIC, EntryRules, demanded
from ..transports.connection import enter
from ..transports.kinds import make_transport
from ..transports.streams import Endpoint, Identity, Stream, TransportOptions
from ..transports.wire import MAGIC

__all__ = ["PingAnswer", "ping"]


@dataclass(frozen=True, slots=True)
class PingAnswer:
    """A node answered. `node_id`: as it has proved; None on a Unix socket, which proves nothing. Times in seconds.

    `asks`: what its network asks of whoever comes in, as `a certificate`; "" where it asks for nothing. `entered`:
    the caller has shown that, and was shown it.
    """

    node_id: str | None
    seconds: float
    asks: str = ""
    entered: bool = False


async def ping(
    endpoint: Endpoint, *, timeout: float, identity: Identity | None = None, rules: EntryRules | None = None
) -> PingAnswer:
    """Open a connection and wait for the first word of the other side, `timeout` seconds for both.

    The kernel takes connections for a process that stands still; that word comes from its event loop. Without `rules`
    the caller needs no key and no network: it goes before it has said who it is. With the `rules` of a network it comes
    in as `identity`, as a node of that network would, and goes before it has said HELLO.
    Raises DialFailed where nobody answers, HandshakeFailed for another node and where the rules let one not in,
    ProtocolError where no node answers.
    """
    loop = asyncio.get_running_loop()
    begin = loop.time()
    identity = identity or Identity.generate()
    transport = make_transport(endpoint, TransportOptions(identity=identity))
    stream = await transport.dial(endpoint, expect=endpoint.peer_id, timeout=timeout)
    try:
        async with asyncio.timeout_at(begin + timeout):
            if rules is not None and rules.demand:
                await enter(stream, rules, own_id=identity.node_id, dialed=True)
                return PingAnswer(stream.peer_id, loop.time() - begin, demanded(rules.demand), entered=True)
            asks = await _greeting(stream, endpoint)
    except StreamBroken as error:
        raise DialFailed(f"{endpoint}: {error}") from None
    except TimeoutError:
        raise DialFailed(f"{endpoint}: it took the connection, and said nothing within {timeout:g} s") from None
    finally:
        stream.abort()
    if rules is not None:
        rules.judge_id(stream.peer_id)
        if asks:
            raise HandshakeFailed("network_policy", f"its network asks for {asks}, this one for nothing")
    return PingAnswer(stream.peer_id, loop.time() - begin, asks)


async def _greeting(stream: Stream, endpoint: Endpoint) -> str:
    """What the network of the node that answers asks for, as its first word says. Raises DialFailed, ProtocolError."""
    heard = b""
    while len(heard) < len(MAGIC) or (heard.startswith(ENTRY_MAGIC) and len(heard) == len(ENTRY_MAGIC)):
        more = await stream.read()
        if not more:
            raise DialFailed(f"{endpoint}: the connection was closed without a word")
        heard += more
    if heard.startswith(MAGIC):
        return ""
    if not heard.startswith(ENTRY_MAGIC):
        raise ProtocolError("magic", f"{endpoint}: what answers there is no node")
    return demanded(heard[len(ENTRY_MAGIC)])
