"""xoscar: `tell` for one-way, a call for asks, between two actor pools."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from time import perf_counter

import xoscar

from ..client import LoopClient, Offered
from ..processes import Served
from ..run import Run
from ..tally import Tally, obey
from ..timing import Until

__all__ = ["connected", "serve"]

TALLY = Tally()


class Sink(xoscar.Actor):  # type: ignore[misc]  # xoscar is optional, so it has no types here
    """Counts, echoes."""

    async def take(self, seq: int, payload: bytes) -> None:
        """Count it, and sleep for what it takes."""
        TALLY.count += 1
        if TALLY.delay and (pause := TALLY.pause(perf_counter())):
            await asyncio.sleep(pause)

    async def echo(self, seq: int, payload: bytes) -> tuple[int, bytes]:
        """Answer with the arguments."""
        return seq, payload

    async def how_many(self) -> int:
        """Answer with the count."""
        return TALLY.count


class _Client(LoopClient):
    def __init__(self, runner: asyncio.Runner, ref: xoscar.ActorRef) -> None:
        super().__init__(runner)
        self._ref = ref

    async def telling(self, payload: bytes, until: Until, every: int) -> Offered:
        tell, sent = self._ref.take.tell, 0
        while not until.over():
            for seq in range(sent, sent + every):
                await tell(seq, payload)
            sent += every
        return Offered(sent)

    async def request(self, seq: int, payload: bytes) -> object:
        return await self._ref.echo(seq, payload)

    async def counted(self) -> int:
        return int(await self._ref.how_many())


def _address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


@contextlib.contextmanager
def connected(run: Run, product: str, server: Served) -> Iterator[_Client]:
    """A pool of its own, and a reference to the receiver's actor."""
    with run.runner() as runner:
        pool = runner.run(xoscar.create_actor_pool(_address(), n_process=0))
        ref = runner.run(xoscar.actor_ref(address=server.line, uid="sink"))
        yield _Client(runner, ref)
        runner.run(pool.stop())


def serve(run: Run, product: str) -> None:
    """A pool with the actor."""
    run.main(_serve())


async def _serve() -> None:
    address = _address()
    pool = await xoscar.create_actor_pool(address, n_process=0)
    await xoscar.create_actor(Sink, address=address, uid="sink")
    print(address, flush=True)  # for the sender
    await asyncio.to_thread(obey, TALLY)
    await pool.stop()
