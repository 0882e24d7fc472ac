"""A transport in memory that does one thing wrong: what a suite has to find."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Iterator, Sequence

from peerbus.actors.base.errors import StreamClosed
from peerbus.testing.suites.transport_pair import TransportPair
from peerbus.transports.streams import Identity, MemoryNetwork
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.transport import Listener, Stream, Transport

DIALER = Identity.from_seed(b"d" * 32)
ACCEPTOR = Identity.from_seed(b"a" * 32)


class FlawedStream:
    """One that does what `flaw` says."""

    def __init__(self, inner: Stream, flaw: str) -> None:
        self.inner, self.flaw = inner, flaw

    @property
    def local(self) -> Endpoint:
        return self.inner.local

    @property
    def remote(self) -> Endpoint:
        return self.inner.remote

    @property
    def peer_id(self) -> str | None:
        return self.inner.peer_id

    @property
    def secure(self) -> bool:
        return self.inner.secure

    async def read(self) -> bytes:
        data = await self.inner.read()
        if not data and self.flaw == "no end":
            await asyncio.get_running_loop().create_future()
        if not data and self.flaw == "goes on":
            return b"again"
        return data[:-1] if self.flaw == "loses a byte" and len(data) > 1000 else data

    def write(self, data: bytes | bytearray | memoryview) -> None:
        try:
            self.inner.write(data)
        except StreamClosed:
            if self.flaw != "writes after its end":
                raise

    def writelines(self, parts: Sequence[bytes | bytearray | memoryview]) -> None:
        self.inner.writelines(parts[::-1] if self.flaw == "turns lines round" else parts)

    @property
    def writable(self) -> bool:
        return self.inner.writable

    async def drain(self) -> None:
        if self.flaw != "never waits":
            await self.inner.drain()

    async def aclose(self) -> None:
        await self.inner.aclose()

    def abort(self) -> None:
        self.inner.abort()


class FlawedListener:
    def __init__(self, inner: Listener, flaw: str) -> None:
        self.inner, self.flaw = inner, flaw

    @property
    def endpoint(self) -> Endpoint:
        return self.inner.endpoint.without_peer() if self.flaw == "does not say who" else self.inner.endpoint

    async def accept(self) -> Stream:
        return FlawedStream(await self.inner.accept(), self.flaw)

    async def aclose(self) -> None:
        await self.inner.aclose()


class FlawedTransport:
    def __init__(self, inner: Transport, flaw: str) -> None:
        self.inner, self.flaw = inner, flaw
        self.tasks: list[asyncio.Task[None]] = []

    @property
    def schemes(self) -> tuple[str, ...]:
        return self.inner.schemes

    async def dial(self, endpoint: Endpoint, *, expect: str | None, timeout: float) -> Stream:
        if self.flaw == "leaves a task":
            self.tasks.append(asyncio.create_task(asyncio.sleep(3600), name="forgotten"))
        if self.flaw == "takes anybody":
            endpoint, expect = endpoint.without_peer(), None
        return FlawedStream(await self.inner.dial(endpoint, expect=expect, timeout=timeout), self.flaw)

    async def listen(self, endpoint: Endpoint, **others: object) -> Listener:
        return FlawedListener(await self.inner.listen(endpoint), self.flaw)


@contextlib.contextmanager
def flawed(flaw: str = "") -> Iterator[TransportPair]:
    """Two transports that have the flaw, or none."""
    network, names = MemoryNetwork(), itertools.count()
    dialer = FlawedTransport(network.transport(DIALER.node_id), flaw)
    yield TransportPair(
        dialer,
        FlawedTransport(network.transport(ACCEPTOR.node_id), flaw),
        lambda: Endpoint("memory", path=f"name-{next(names)}"),
        DIALER.node_id,
        ACCEPTOR.node_id,
    )
    for task in dialer.tasks:
        task.cancel()
