"""Streams between nodes that reach the same NATS server, or cluster of servers, and not each other."""

# Law 1. Only servers that the operator named are connected to: an endpoint that a peer told is dialed through these.
# Law 2. One connection to a server for each network of a node, while a stream, a listener or its presence needs it; a
#        second one only while the first server is about to go.

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Sequence
from random import Random, SystemRandom
from typing import NamedTuple

from ...actors.base import DialFailed, HandshakeFailed, ListenFailed, StreamBroken, new_task
from ..streams import (
    Endpoint,
    Identity,
    Refused,
    RelayedStream,
    client_context,
    expected_peer,
    id_mismatch,
    server_context,
)
from .endpoints import NATS, at_token, inbox_of, network_of, with_inbox
from .login import Login
from .nats_listener import NatsListener
from .server_connection import Connect, open_connection
from .server_link import ServerLink
from .subjects import Subjects

__all__ = ["CONNECT_TIMEOUT", "NatsTransport", "NatsServer"]

#: Seconds for one server to let this node in, before the next one is tried.
CONNECT_TIMEOUT = 5.0


class NatsServer(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class NatsTransport:
    """`nats://server:4222/<network>/<inbox>`: the streams of one node, with TLS 1.3 from node to node inside.

    `servers` are tried in turn; `login` is shown to them, over TLS with `server_tls` where that is given. `connect`
    makes the connections to them, in place of the event loop's `create_connection`; `rng` makes the names that nobody
    is to guess, in place of the system's randomness: for simulations. Raises ValueError without a server.
    """

    schemes: tuple[str, ...] = (NATS.name,)

    def __init__(
        self,
        identity: Identity,
        servers: Sequence[NatsServer],
        *,
        login: Login | None = None,
        server_tls: ssl.SSLContext | None = None,
        connect: Connect | None = None,
        rng: Random | None = None,
    ) -> None:
        if not servers:
            raise ValueError("a node needs a NATS server to be connected to")
        self._servers = list(dict.fromkeys(servers))
        self._login = login or Login()
        self._server_tls = server_tls
        self._connect = connect
        self._rng = SystemRandom() if rng is None else rng
        self._node_id = identity.node_id
        self._accepts, self._dials = server_context(identity), client_context(identity)
        #: By network: the link that is there, or on its way.
        self._links: dict[str, ServerLink] = {}
        self._opening: dict[str, _Opening] = {}
        self._found: Callable[[tuple[Endpoint, ...]], None] | None = None

    @property
    def servers(self) -> tuple[NatsServer, ...]:
        """Those that are tried, the next one first."""
        return tuple(self._servers)

    def meet(self, found: Callable[[tuple[Endpoint, ...]], None]) -> None:
        """As `Meeting.meet`."""
        self._found = found

    async def dial(self, endpoint: Endpoint, *, expect: str | None, timeout: float) -> RelayedStream:
        """As `Transport.dial`; an inbox that nobody listens at refuses at once."""
        wanted = expected_peer(self, endpoint, expect)
        inbox = inbox_of(endpoint)
        if inbox is None:
            raise DialFailed(f"{endpoint} names no inbox, only a server")
        link = None
        try:
            async with asyncio.timeout(max(timeout, 0.0)):
                link = await self.link(network_of(endpoint))
                stream = await link.dial(link.subjects.inbox(inbox), self._dials, endpoint)
        except TimeoutError as error:
            raise DialFailed(f"{endpoint}: no answer within {timeout} s") from error
        except (OSError, StreamBroken) as error:
            raise DialFailed(f"{endpoint}: {error}") from error
        finally:
            if link is not None:
                link.let_go()
                await link.released()
        why = id_mismatch(wanted, stream.peer_id)
        if why is not None:
            stream.abort()
            raise HandshakeFailed("node_id", why)
        assert link is not None
        stream.local = at_token(endpoint, link.token).with_peer(self._node_id)
        stream.remote = endpoint.with_peer(stream.peer_id)
        return stream

    async def listen(self, endpoint: Endpoint, *, on_refused: Refused | None = None) -> NatsListener:
        """As `Transport.listen`; an endpoint that names no inbox gets a new one."""
        expected_peer(self, endpoint, None)
        place = with_inbox(endpoint, self._rng)
        inbox = inbox_of(place)
        assert inbox is not None
        try:
            link = await self.link(network_of(place))
        except (OSError, DialFailed) as error:
            raise ListenFailed(f"{endpoint}: {error}") from error
        try:
            subject = link.subjects.inbox(inbox)
            async with asyncio.timeout(CONNECT_TIMEOUT):
                if inbox_of(endpoint) is not None and await link.anybody(subject):
                    raise ListenFailed(f"{endpoint}: another node listens there")
            return NatsListener(link, subject, place.with_peer(self._node_id), self._accepts, on_refused, self._found)
        except TimeoutError as error:
            raise ListenFailed(f"{endpoint}: the server does not answer") from error
        except DialFailed as error:
            raise ListenFailed(f"{endpoint}: {error}") from error
        finally:
            link.let_go()
            await link.released()

    async def link(self, network: str) -> ServerLink:
        """This node's place at a server, for that network; held: `let_go` of it. Raises DialFailed."""
        link = self._links.get(network)
        if link is not None and not link.dead:
            link.hold()
            return link
        opening = self._opening.get(network)
        if opening is None:
            opening = self._opening[network] = _Opening(self._open(network), network, self._opened)
        link = await opening.wait()
        link.hold()
        return link

    async def _open(self, network: str) -> ServerLink:
        link = ServerLink(Subjects(network), self._forget, self._rng)
        error: Exception = DialFailed("there is no NATS server")
        for server in tuple(self._servers):
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT):
                    connection = await open_connection(
                        server.host,
                        server.port,
                        login=self._login,
                        tls=self._server_tls,
                        lost=link.lost,
                        room=link.room,
                        leaving=link.leaving,
                        connect=self._connect,
                    )
            except (DialFailed, TimeoutError) as failed:
                error = failed if isinstance(failed, DialFailed) else DialFailed(f"nats://{server} does not answer")
                # The next connection begins with the next one.
                self._servers.remove(server)
                self._servers.append(server)
                continue
            link.use(connection)
            return link
        raise error

    def _opened(self, network: str, link: ServerLink | None) -> None:
        self._opening.pop(network, None)
        if link is not None and link.lasts:
            self._links[network] = link

    def _forget(self, link: ServerLink) -> None:
        for network in [name for name, each in self._links.items() if each is link]:
            del self._links[network]


class _Opening:
    """A link on its way, and how many wait for it: without any, it is given up."""

    def __init__(
        self,
        opens: Coroutine[object, object, ServerLink],
        network: str,
        opened: Callable[[str, ServerLink | None], None],
    ) -> None:
        self._network, self._opened = network, opened
        self._waiting = 0
        self._task = new_task(opens, loop=asyncio.get_running_loop(), name=f"connect to a NATS server for {network}")
        self._task.add_done_callback(self._done)

    async def wait(self) -> ServerLink:
        """The link. Raises DialFailed."""
        self._waiting += 1
        try:
            return await asyncio.shield(self._task)
        except asyncio.CancelledError:
            if self._waiting == 1 and not self._task.done():
                self._opened(self._network, None)  # whoever comes from now on begins anew
                self._task.cancel()
            raise
        finally:
            self._waiting -= 1

    def _done(self, task: asyncio.Task[ServerLink]) -> None:
        if task.cancelled():
            return
        link = None if task.exception() is not None else task.result()
        if link is not None and not self._waiting:
            link.abandon()
            link = None
        self._opened(self._network, link)
