"""The limit of a remote bus: an asyncio Protocol with msgpack and nothing else, sender and receiver.

A message is the array [kind, seq, payload], or, in one measurement, the map that names its fields.
No deadlines, no flow control beyond the socket's, no types.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import tempfile
from collections.abc import Awaitable, Iterator, Mapping
from typing import cast

import msgpack

from peerbus.transports import Identity
from peerbus.transports.streams.tls import client_context, server_context

from .client import LoopClient, Offered, one_way
from .messages import SMALL
from .processes import Served, served
from .products import PRODUCTS
from .remote import exchange
from .run import Run
from .tally import Tally, obey
from .timing import BATCH, Until

__all__ = ["TALLY", "RawClient", "RawReceiver", "RawSender", "connected", "plain", "serve"]

#: Kinds of messages.
_TELL, _ASK, _COUNT = range(3)

TALLY = Tally()


class RawReceiver(asyncio.Protocol):
    """Counts, echoes; a write for each answer."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._unpacker = msgpack.Unpacker()
        self._pack = msgpack.Packer().pack

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's derives from no class of asyncio's

    def data_received(self, data: bytes) -> None:
        self._unpacker.feed(data)
        for kind, seq, payload in self._unpacker:
            if kind == _TELL:
                TALLY.count += 1
            elif kind == _ASK:
                self.transport.write(self._pack((_ASK, seq, payload)))
            else:
                self.transport.write(self._pack((_COUNT, seq, TALLY.count)))


class _MapReceiver(RawReceiver):
    """Counts messages that are maps."""

    def data_received(self, data: bytes) -> None:
        self._unpacker.feed(data)
        for message in self._unpacker:
            if message["kind"] == _TELL:
                TALLY.count += 1
            else:
                self.transport.write(self._pack((_COUNT, message["seq"], TALLY.count)))


class RawSender(asyncio.Protocol):
    """Sends; matches answers by number."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._unpacker = msgpack.Unpacker()
        self._waiting: dict[int, asyncio.Future[object]] = {}
        self.writable = asyncio.Event()
        self.writable.set()
        self._seq = 0
        self.pack = msgpack.Packer().pack

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's derives from no class of asyncio's

    def data_received(self, data: bytes) -> None:
        self._unpacker.feed(data)
        for _, seq, value in self._unpacker:
            self._waiting.pop(seq).set_result(value)

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def request(self, kind: int, payload: bytes) -> asyncio.Future[object]:
        """Send and wait for the answer, for ever."""
        self._seq = seq = self._seq + 1
        future: asyncio.Future[object] = self._loop.create_future()
        self._waiting[seq] = future
        self.transport.write(self.frame(kind, seq, payload))
        return future

    def frame(self, kind: int, seq: int, payload: bytes) -> bytes:
        """The message as an array."""
        return self.pack((kind, seq, payload))


class _MapSender(RawSender):
    def frame(self, kind: int, seq: int, payload: bytes) -> bytes:
        """The message as a map."""
        return self.pack({"kind": kind, "seq": seq, "payload": payload})


class RawClient(LoopClient):
    """A write for each message."""

    def __init__(self, runner: asyncio.Runner, sender: RawSender) -> None:
        super().__init__(runner)
        self.sender = sender

    async def telling(self, payload: bytes, until: Until, every: int) -> Offered:
        write, pack, writable = self.sender.transport.write, self.sender.pack, self.sender.writable
        sent = 0
        while not until.over():
            for seq in range(sent, sent + every):
                write(pack((_TELL, seq, payload)))
                if not writable.is_set():
                    await writable.wait()
            sent += every
        return Offered(sent)

    def request(self, seq: int, payload: bytes) -> Awaitable[object]:
        return self.sender.request(_ASK, payload)

    async def counted(self) -> int:
        value = await self.sender.request(_COUNT, b"")
        assert isinstance(value, int)
        return value


class _JoiningClient(RawClient):
    """A write for BATCH messages."""

    async def telling(self, payload: bytes, until: Until, every: int) -> Offered:
        write, pack, writable = self.sender.transport.write, self.sender.pack, self.sender.writable
        sent = 0
        while not until.over():
            write(b"".join([pack((_TELL, seq, payload)) for seq in range(sent, sent + BATCH)]))
            if not writable.is_set():
                await writable.wait()
            sent += BATCH
        return Offered(sent)


class _JoiningMapClient(RawClient):
    """A write for BATCH messages that are maps."""

    async def telling(self, payload: bytes, until: Until, every: int) -> Offered:
        write, pack, writable = self.sender.transport.write, self.sender.pack, self.sender.writable
        sent = 0
        while not until.over():
            batch = range(sent, sent + BATCH)
            write(b"".join([pack({"kind": _TELL, "seq": seq, "payload": payload}) for seq in batch]))
            if not writable.is_set():
                await writable.wait()
            sent += BATCH
        return Offered(sent)


async def _dial(protocol: type[RawSender], port: str, tls: ssl.SSLContext | None) -> RawSender:
    loop = asyncio.get_running_loop()
    name = None if tls is None else ""
    if not port.isdigit():
        return (await loop.create_unix_connection(protocol, port))[1]
    return (await loop.create_connection(protocol, "127.0.0.1", int(port), ssl=tls, server_hostname=name))[1]


@contextlib.contextmanager
def connected(run: Run, product: str, server: Served) -> Iterator[RawClient]:
    """A connection whose messages are arrays, a write for each."""
    tls = client_context(Identity.generate()) if product == "raw.tls" else None
    with run.runner() as runner:
        sender = runner.run(_dial(RawSender, server.line.split()[0], tls))
        yield RawClient(runner, sender)
        sender.transport.close()


def serve(run: Run, product: str) -> None:
    """Listen on two ports, for arrays and for maps, or at a Unix socket, for arrays."""
    if product == "raw.unix":
        run.main(_serve_unix())
        return
    run.main(_serve(server_context(Identity.generate()) if product == "raw.tls" else None))


async def _serve(tls: ssl.SSLContext | None) -> None:
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls) for protocol in (RawReceiver, _MapReceiver)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)  # for the sender
    await asyncio.to_thread(obey, TALLY)
    for server in servers:
        server.close()


async def _serve_unix() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = await asyncio.get_running_loop().create_unix_server(RawReceiver, f"{folder}/s")
        print(f"{folder}/s", flush=True)  # for the sender
        await asyncio.to_thread(obey, TALLY)
        server.close()


def plain(run: Run) -> Mapping[str, float]:
    """Raw Protocol over TCP: round trip, in flight, one-way by a write each and by joined writes, arrays and maps."""
    with served("raw", run) as server, PRODUCTS["raw"].joined(run, server) as client:
        assert isinstance(client, RawClient)
        found = exchange(client, run)
        joining = _JoiningClient(client.runner, client.sender)
        one_way(joining, SMALL, run.warm_up)
        found["one-way joined"] = one_way(joining, SMALL, run.seconds)
        sender = client.run(_dial(_MapSender, server.line.split()[1], None))
        mapping = _JoiningMapClient(client.runner, sender)
        one_way(mapping, SMALL, run.warm_up)
        found["one-way joined maps"] = one_way(mapping, SMALL, run.seconds)
        sender.transport.close()
    return found
