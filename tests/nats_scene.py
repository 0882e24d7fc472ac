"""Two nodes at a NATS server of the tests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fake_nats import FakeNats, fake_nats

from peerbus.transports.kinds import read_endpoint
from peerbus.transports.nats import NatsServer, NatsTransport
from peerbus.transports.nats.nats_listener import NatsListener
from peerbus.transports.streams import Endpoint, Identity
from peerbus.transports.streams.relayed_stream import RelayedStream

__all__ = ["ALICE", "BOB", "Scene", "at_server"]

ALICE, BOB = Identity.from_seed(b"a" * 32), Identity.from_seed(b"b" * 32)


class Scene:
    """Alice dials, Bob listens at `place`; `refused` is what he was told of."""

    def __init__(self, server: FakeNats, place: Endpoint) -> None:
        self.server, self.place = server, place
        self.alice = NatsTransport(ALICE, [NatsServer("127.0.0.1", server.port)])
        self.bob = NatsTransport(BOB, [NatsServer("127.0.0.1", server.port)])
        self.refused: asyncio.Queue[Exception] = asyncio.Queue()

    async def listen(self) -> NatsListener:
        """Bob listens."""
        return await self.bob.listen(self.place, on_refused=lambda _, error: self.refused.put_nowait(error))

    async def dial(self, endpoint: Endpoint | None = None) -> RelayedStream:
        """Alice dials."""
        return await self.alice.dial(endpoint or self.place, expect=None, timeout=20.0)

    @contextlib.asynccontextmanager
    async def joined(self) -> AsyncIterator[tuple[RelayedStream, RelayedStream]]:
        """Both ends of a stream, Alice's first."""
        async with contextlib.aclosing(await self.listen()) as listener:
            dialed, accepted = await asyncio.gather(self.dial(), listener.accept())
            try:
                yield dialed, accepted
            finally:
                await asyncio.gather(dialed.aclose(), accepted.aclose())


@contextlib.asynccontextmanager
async def at_server() -> AsyncIterator[Scene]:
    """A fake server with nobody at it yet."""
    async with fake_nats() as server:
        yield Scene(server, read_endpoint(f"nats://127.0.0.1:{server.port}/lan/bobs-inbox"))
