"""nats-py: a publish for one-way, a request for asks; the server is a third process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from time import perf_counter

import msgpack
import nats
from nats.aio.client import Client as Connection
from nats.aio.msg import Msg

from ..client import LoopClient, Offered
from ..processes import Served
from ..run import DEADLINE, Run
from ..tally import Tally, obey
from ..timing import Until
from .nats_broker import broker

__all__ = ["connected", "serve"]

#: What the server may hold for a receiver that is slow before it closes the connection; its default is 64 MiB.
_MAX_PENDING = 1 << 30

TALLY = Tally()


class _Client(LoopClient):
    def __init__(self, runner: asyncio.Runner, connection: Connection, broker: int) -> None:
        super().__init__(runner)
        self._connection = connection
        self._pack = msgpack.Packer().pack
        self.between = (broker,)

    async def telling(self, payload: bytes, until: Until, every: int) -> Offered:
        publish, pack, sent = self._connection.publish, self._pack, 0
        while not until.over():
            for seq in range(sent, sent + every):
                await publish("tell", pack((seq, payload)))
            sent += every
        await self._connection.flush(timeout=int(DEADLINE))
        return Offered(sent)

    async def request(self, seq: int, payload: bytes) -> object:
        answer = await self._connection.request("ask", self._pack((seq, payload)), timeout=DEADLINE)
        return msgpack.unpackb(answer.data)

    async def counted(self) -> int:
        answer = await self._connection.request("ask", self._pack((0, None)), timeout=DEADLINE)
        return int(msgpack.unpackb(answer.data)[1])


@contextlib.contextmanager
def connected(run: Run, product: str, server: Served) -> Iterator[_Client]:
    """Connected to the server that the receiver started."""
    url, broker = server.line.split()
    with run.runner() as runner:
        connection = runner.run(nats.connect(url))
        yield _Client(runner, connection, int(broker))
        runner.run(connection.close())


def serve(run: Run, product: str) -> None:
    """Start the server, subscribe."""
    with broker(f"max_pending: {_MAX_PENDING}") as (port, process):
        run.main(_serve(f"nats://127.0.0.1:{port}", process))


async def _serve(url: str, broker: int) -> None:
    pack = msgpack.Packer().pack

    async def take(message: Msg) -> None:
        msgpack.unpackb(message.data)
        TALLY.count += 1
        if TALLY.delay and (pause := TALLY.pause(perf_counter())):
            await asyncio.sleep(pause)

    async def answer(message: Msg) -> None:
        seq, payload = msgpack.unpackb(message.data)
        await message.respond(pack((seq, TALLY.count if payload is None else payload)))

    connection = await nats.connect(url)
    await connection.subscribe("tell", cb=take, pending_msgs_limit=-1, pending_bytes_limit=-1)
    await connection.subscribe("ask", cb=answer)
    await connection.flush()
    print(url, broker, flush=True)  # for the sender
    await asyncio.to_thread(obey, TALLY)
    await connection.close()
