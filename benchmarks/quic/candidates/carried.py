"""A candidate that is a carrier of the bus already: its streams are the pipes."""

from __future__ import annotations

from collections.abc import Callable

from peerbus.transports import Endpoint, Identity, Listener, Stream, Transport

from ..pipe import Serve
from .tasks import Tasks

__all__ = ["Carried"]


class _StreamPipe:
    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    @property
    def peer(self) -> str | None:
        return self._stream.peer_id

    async def send(self, data: bytes) -> None:
        self._stream.write(data)
        await self._stream.drain()

    async def receive(self) -> bytes:
        return await self._stream.read()

    async def close(self) -> None:
        await self._stream.aclose()


class Carried:
    """`make` makes the transport of a node, `fresh` an endpoint to listen at. Task: one that accepts."""

    packages: tuple[str, ...] = ()
    remark = ""

    def __init__(self, make: Callable[[Identity], Transport], fresh: Callable[[], Endpoint]) -> None:
        self._make, self._fresh = make, fresh
        self._listener: Listener | None = None
        self._tasks = Tasks()
        self._streams: list[Stream] = []

    def transport(self, identity: Identity) -> Transport:
        """As `Candidate.transport`."""
        return self._make(identity)

    async def listen(self, identity: Identity, serve: Serve) -> str:
        """As `Candidate.listen`."""
        self._listener = await self._make(identity).listen(self._fresh())
        self._tasks.begin(self._accept(self._listener, serve))
        return str(self._listener.endpoint.without_peer()).partition("://")[2]

    async def dial(self, identity: Identity, place: str, expected: str) -> _StreamPipe:
        """As `Candidate.dial`."""
        endpoint = Endpoint.parse(f"{self._fresh().scheme}://{place}")
        stream = await self._make(identity).dial(endpoint, expect=expected, timeout=5.0)
        self._streams.append(stream)
        return _StreamPipe(stream)

    async def aclose(self) -> None:
        """As `Candidate.aclose`."""
        for stream in self._streams:
            stream.abort()
        await self._tasks.cancel()
        if self._listener is not None:
            await self._listener.aclose()

    async def _accept(self, listener: Listener, serve: Serve) -> None:
        while True:
            stream = await listener.accept()
            self._streams.append(stream)
            self._tasks.serve(_StreamPipe(stream), serve)
