"""The carrier: `quic://host:port`, one connection of QUIC for each stream of the bus."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Final

from pywebtransport import (
    ClientConfig,
    ServerConfig,
    WebTransportClient,
    WebTransportError,
    WebTransportServer,
    WebTransportSession,
)

from peerbus.actors import DialFailed, ListenFailed
from peerbus.transports import Endpoint, Identity, Scheme, TransportKind, TransportOptions, expected_peer
from peerbus.transports.streams import Refused

from .certificate import certificate_files
from .proof import prove_as_dialer
from .quic_listener import PATH, QuicListener, endpoint_at
from .quic_stream import SENT, QuicStream, close_connection

__all__ = ["KIND", "QUIC", "QuicTransport"]

#: What is known of its endpoints.
QUIC: Final = Scheme.over_ip("quic")
#: Seconds of silence after which a connection is lost, and between two signs of life.
_IDLE, _ALIVE = 60.0, 15.0


class QuicTransport:
    """As `peerbus.transports.Transport`. One UDP socket serves all that is dialed, as long as there is any of it."""

    schemes: tuple[str, ...] = (QUIC.name,)

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._client: WebTransportClient | None = None
        #: Dials and streams that need it.
        self._users = 0
        #: Tasks, each of which ends a dial that nobody waits for.
        self._giving_up: set[asyncio.Task[None]] = set()

    async def dial(self, endpoint: Endpoint, *, expect: str | None, timeout: float) -> QuicStream:
        """As `Transport.dial`. Where nobody is there nobody says so: it then ends with its time."""
        wanted = expected_peer(self, endpoint, expect)
        if endpoint.port == 0 or timeout <= 0:
            raise DialFailed(f"{endpoint}: " + ("no time is left" if endpoint.port else "port 0 is for listening"))
        client = self._hold_client()
        dialing = asyncio.create_task(self._dialed(client, endpoint, wanted))
        taken = False
        try:
            async with asyncio.timeout(timeout):
                stream = await asyncio.shield(dialing)
                taken = True
                return stream
        except TimeoutError as error:
            raise DialFailed(f"{endpoint}: no answer within {timeout} s") from error
        except (WebTransportError, OSError) as error:
            raise DialFailed(f"{endpoint}: {error}") from error
        finally:
            if not taken:
                giving_up = asyncio.create_task(self._give_up(client, dialing))
                self._giving_up.add(giving_up)
                giving_up.add_done_callback(self._giving_up.discard)

    async def _dialed(self, client: WebTransportClient, endpoint: Endpoint, wanted: str | None) -> QuicStream:
        host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        session = await client.connect(url=f"https://{host}:{endpoint.port}{PATH}")
        try:
            stream = await session.create_bidirectional_stream()
            node = await prove_as_dialer(session, stream, self._identity, wanted)
            local, remote = _ends_of(client, session, endpoint)
        except BaseException:
            await close_connection(session.connection)
            raise
        return QuicStream(stream, local.with_peer(self._identity.node_id), remote.with_peer(node), self._let_go)

    async def _give_up(self, client: WebTransportClient, dialing: asyncio.Task[QuicStream]) -> None:
        """End a dial that nobody waits for; the library forgets its thread where it is cancelled as that starts."""
        # It has no event for that.
        while not dialing.done() and not client.local_addresses:  # noqa: ASYNC110
            await asyncio.sleep(SENT / 10)
        dialing.cancel()
        await asyncio.gather(dialing, return_exceptions=True)
        if not dialing.cancelled() and dialing.exception() is None:
            dialing.result().abort()  # which lets go as well
        else:
            await self._let_go()

    async def listen(self, endpoint: Endpoint, *, on_refused: Refused | None = None) -> QuicListener:
        """As `Transport.listen`."""
        expected_peer(self, endpoint, None)
        port = endpoint.port or _free_port(endpoint.host)
        try:
            with certificate_files() as (certificate, key):
                server = WebTransportServer(
                    config=ServerConfig(
                        bind_host=endpoint.host,
                        bind_port=port,
                        certfile=certificate,
                        keyfile=key,
                        max_sessions=1,
                        max_idle_timeout=_IDLE,
                        keep_alive_interval=_ALIVE,
                    )
                )
                await server.listen()
        except (WebTransportError, OSError) as error:
            raise ListenFailed(f"{endpoint}: {error.__cause__ or error}") from error
        host, bound = server.local_addresses[0][:2]
        return QuicListener(server, endpoint_at((host, bound)), self._identity, on_refused=on_refused)

    def _hold_client(self) -> WebTransportClient:
        self._users += 1
        if self._client is None:
            settings = ClientConfig(verify_mode=ssl.CERT_NONE, max_idle_timeout=_IDLE, keep_alive_interval=_ALIVE)
            self._client = WebTransportClient(config=settings)
        return self._client

    async def _let_go(self) -> None:
        self._users -= 1
        client = self._client
        if not self._users and client is not None:
            self._client = None
            await asyncio.sleep(SENT)
            await client.close()


def _ends_of(client: WebTransportClient, session: WebTransportSession, dialed: Endpoint) -> tuple[Endpoint, Endpoint]:
    """Where the two ends of a dialed session are."""
    there = session.connection.remote_address
    remote = dialed.without_peer() if there is None else endpoint_at((there[0], there[1]))
    # The client's socket is bound to all addresses: the system says which of them leads there. Nothing is sent.
    with socket.socket(socket.AF_INET6 if ":" in remote.host else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((remote.host, remote.port))
        host = str(probe.getsockname()[0])
    ports = {":" in address[0]: address[1] for address in client.local_addresses}
    return endpoint_at((host, ports.get(":" in host, 0))), remote


def _free_port(host: str) -> int:
    """A UDP port that nobody has: the library wants to be told one."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        return int(sock.getsockname()[1])


def _make(options: TransportOptions) -> QuicTransport:
    return QuicTransport(options.identity)


KIND: Final = TransportKind(scheme=QUIC, make=_make)
