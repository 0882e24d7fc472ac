"""grpc.aio: one stream of the client's for one-way, one of the server's for items, unary calls for asks.

Bytes packed with msgpack, no protobuf.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterator
from time import perf_counter

import grpc.aio
import msgpack

from ..client import LoopClient, Offered
from ..processes import Served
from ..run import Run
from ..tally import Tally, obey
from ..timing import BATCH, Until

__all__ = ["connected", "serve"]

#: Room for the large message and its frame.
_OPTIONS = (("grpc.max_receive_message_length", 1 << 20), ("grpc.max_send_message_length", 1 << 20))

TALLY = Tally()


class _Client(LoopClient):
    def __init__(self, runner: asyncio.Runner, channel: grpc.aio.Channel) -> None:
        super().__init__(runner)
        self._pack = msgpack.Packer().pack
        self._ask = channel.unary_unary("/bench/ask")
        self._tell = channel.stream_unary("/bench/tell")
        self._feed = channel.unary_stream("/bench/feed")

    async def telling(self, payload: bytes, until: Until, every: int) -> Offered:
        call, pack, sent = self._tell(), self._pack, 0
        while not until.over():
            for seq in range(sent, sent + every):
                await call.write(pack((seq, payload)))
            sent += every
        await call.done_writing()
        await call
        return Offered(sent)

    async def request(self, seq: int, payload: bytes) -> object:
        return msgpack.unpackb(await self._ask(self._pack((seq, payload))))

    def read(self, payload: bytes, until: Until) -> float:
        """See ReadsStreams."""
        return self.run(self._reading(payload, until))

    async def _reading(self, payload: bytes, until: Until) -> float:
        items, start, unpack = 0, perf_counter(), msgpack.unpackb
        call = self._feed(payload)
        async for item in call:
            unpack(item)
            items += 1
            if not items % BATCH and until.over():
                break
        call.cancel()
        return items / (perf_counter() - start)

    async def counted(self) -> int:
        return int(msgpack.unpackb(await self._ask(self._pack((0, None))))[1])


@contextlib.contextmanager
def connected(run: Run, product: str, server: Served) -> Iterator[_Client]:
    """A channel."""
    with run.runner() as runner:
        channel = runner.run(_open(server.line))
        yield _Client(runner, channel)
        runner.run(channel.close())


async def _open(address: str) -> grpc.aio.Channel:
    return grpc.aio.insecure_channel(address, options=_OPTIONS)


def serve(run: Run, product: str) -> None:
    """A server with one method of each kind."""
    run.main(_serve())


async def _serve() -> None:
    pack = msgpack.Packer().pack

    async def tell(requests: AsyncIterator[bytes], context: object) -> bytes:
        async for request in requests:
            msgpack.unpackb(request)
            TALLY.count += 1
            if TALLY.delay and (pause := TALLY.pause(perf_counter())):
                await asyncio.sleep(pause)
        return b""

    async def ask(request: bytes, context: object) -> bytes:
        seq, payload = msgpack.unpackb(request)
        return bytes(pack((seq, TALLY.count if payload is None else payload)))

    async def feed(payload: bytes, context: object) -> AsyncIterator[bytes]:
        for seq in itertools.count():
            yield pack((seq, payload))

    methods = {
        "tell": grpc.stream_unary_rpc_method_handler(tell),
        "feed": grpc.unary_stream_rpc_method_handler(feed),
        "ask": grpc.unary_unary_rpc_method_handler(ask),
    }
    server = grpc.aio.server(options=_OPTIONS)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench", methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"127.0.0.1:{port}", flush=True)  # for the sender
    await asyncio.to_thread(obey, TALLY)
    await server.stop(None)
