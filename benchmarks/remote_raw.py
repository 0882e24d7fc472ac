"""The limit of a remote bus: an asyncio Protocol with msgpack and nothing else, client and server.

A message is the array [kind, seq, payload], or, in one measurement, the map that names its fields.
No deadlines, no flow control beyond the socket's, no types.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import cast

import msgpack

from peerbus.transports import Identity
from peerbus.transports.tls import client_context, server_context

from .messages import LARGE, SMALL
from .processes import served, wait_for_parent
from .run import Run
from .timing import confirm, in_flight, latencies, percentiles

__all__ = ["plain", "serve", "tls"]

#: Kinds of messages.
_TELL, _ASK, _COUNT = range(3)
#: Messages joined in one write, in the measurement that joins.
JOINED = 64
#: Seconds that the slowest step may take.
_PATIENCE = 60.0


class _Server(asyncio.Protocol):
    """Counts, echoes; a write for each answer."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._unpacker = msgpack.Unpacker()
        self._pack = msgpack.Packer().pack
        self._count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's derives from no class of asyncio's

    def data_received(self, data: bytes) -> None:
        self._unpacker.feed(data)
        for kind, seq, payload in self._unpacker:
            if kind == _TELL:
                self._count += 1
            elif kind == _ASK:
                self.transport.write(self._pack((_ASK, seq, payload)))
            else:
                self.transport.write(self._pack((_COUNT, seq, self._count)))


class _MapServer(_Server):
    """Counts messages that are maps."""

    def data_received(self, data: bytes) -> None:
        self._unpacker.feed(data)
        for message in self._unpacker:
            if message["kind"] == _TELL:
                self._count += 1
            else:
                self.transport.write(self._pack((_COUNT, message["seq"], self._count)))


class _Client(asyncio.Protocol):
    """Sends; matches answers by number."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._unpacker = msgpack.Unpacker()
        self._waiting: dict[int, asyncio.Future[object]] = {}
        self._writable = asyncio.Event()
        self._writable.set()
        self._seq = 0
        self.pack = msgpack.Packer().pack

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's derives from no class of asyncio's

    def data_received(self, data: bytes) -> None:
        self._unpacker.feed(data)
        for _, seq, value in self._unpacker:
            self._waiting.pop(seq).set_result(value)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def request(self, kind: int, payload: bytes) -> asyncio.Future[object]:
        """Send and wait for the answer, for ever."""
        self._seq = seq = self._seq + 1
        future: asyncio.Future[object] = self._loop.create_future()
        self._waiting[seq] = future
        self.transport.write(self.pack((kind, seq, payload)))
        return future

    async def tell(self, payload: bytes, number: int) -> None:
        """Send, a write for each message."""
        write, pack, writable = self.transport.write, self.pack, self._writable
        for seq in range(number):
            write(pack((_TELL, seq, payload)))
            if not writable.is_set():
                await writable.wait()

    async def tell_joined(self, payload: bytes, number: int) -> None:
        """Send, a write for JOINED messages."""
        write, pack, writable = self.transport.write, self.pack, self._writable
        for first in range(0, number, JOINED):
            write(b"".join([pack((_TELL, seq, payload)) for seq in range(first, min(first + JOINED, number))]))
            if not writable.is_set():
                await writable.wait()

    async def count(self) -> int:
        """What the server has counted."""
        value = await self.request(_COUNT, b"")
        assert isinstance(value, int)
        return value


class _MapClient(_Client):
    """Sends maps."""

    def request(self, kind: int, payload: bytes) -> asyncio.Future[object]:
        self._seq = seq = self._seq + 1
        future: asyncio.Future[object] = self._loop.create_future()
        self._waiting[seq] = future
        self.transport.write(self.pack({"kind": kind, "seq": seq, "payload": payload}))
        return future

    async def tell_joined(self, payload: bytes, number: int) -> None:
        write, pack, writable = self.transport.write, self.pack, self._writable
        for first in range(0, number, JOINED):
            last = min(first + JOINED, number)
            write(b"".join([pack({"kind": _TELL, "seq": seq, "payload": payload}) for seq in range(first, last)]))
            if not writable.is_set():
                await writable.wait()


def serve(run: Run, server: str) -> None:
    """Listen, print the two ports, serve until the client's process goes away."""
    run.main(_serve(server_context(Identity.generate()) if server == "raw.tls" else None))


async def _serve(tls: ssl.SSLContext | None) -> None:
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls) for protocol in (_Server, _MapServer)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)  # for the client
    await asyncio.to_thread(wait_for_parent)
    for server in servers:
        server.close()


def plain(run: Run) -> Mapping[str, float]:
    """Raw Protocol and msgpack over TCP: one-way by single and by joined writes, 64 KiB, echo, 64 echoes in flight."""
    with served("raw", run) as ports:
        return run.main(_measure(run, None, *map(int, ports.split())))


def tls(run: Run) -> Mapping[str, float]:
    """The same over TLS 1.3, with the certificates and settings of the bus: both sides prove who they are."""
    with served("raw.tls", run) as ports:
        return run.main(_measure(run, client_context(Identity.generate()), *map(int, ports.split())))


async def _measure(run: Run, tls: ssl.SSLContext | None, port: int, map_port: int) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    name = None if tls is None else ""
    _, client = await loop.create_connection(_Client, "127.0.0.1", port, ssl=tls, server_hostname=name)
    async with asyncio.timeout(_PATIENCE):
        await latencies(lambda seq: client.request(_ASK, SMALL), run.count(300))
        times = await latencies(lambda seq: client.request(_ASK, SMALL), run.count(1500))
        figures = {f"round trip {name}": value for name, value in percentiles(times).items()}
        figures["in flight"] = await in_flight(lambda seq: client.request(_ASK, SMALL), run.count(12_000))
        await client.tell(SMALL, run.count(2000))
        figures["one-way"] = await _one_way(client, client.tell, SMALL, run.count(40_000))
        figures["one-way joined"] = await _one_way(client, client.tell_joined, SMALL, run.count(200_000))
        figures["large"] = await _one_way(client, client.tell, LARGE, run.count(1500)) * len(LARGE)
        _, mapping = await loop.create_connection(_MapClient, "127.0.0.1", map_port, ssl=tls, server_hostname=name)
        await mapping.tell_joined(SMALL, run.count(2000))
        figures["one-way joined maps"] = await _one_way(mapping, mapping.tell_joined, SMALL, run.count(60_000))
    for used in (client, mapping):
        used.transport.close()
    return figures


async def _one_way(
    client: _Client, tell: Callable[[bytes, int], Awaitable[None]], payload: bytes, number: int
) -> float:
    before = await client.count()
    start = perf_counter()
    await tell(payload, number)
    confirm(await client.count() - before, number)
    return number / (perf_counter() - start)
