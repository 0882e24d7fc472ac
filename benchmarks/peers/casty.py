"""casty: `tell` for one-way, `ask` for asks, from a client to the only node of a cluster."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from time import perf_counter

from casty import ActorSystem, Askable, Client, Cluster, Context, Ref, actor

from ..client import LoopClient, Offered
from ..processes import Served
from ..run import Run
from ..tally import Tally, obey
from ..timing import Until

__all__ = ["connected", "serve"]

TALLY = Tally()


@dataclass(frozen=True)
class Data:
    """A tell. The receiver counts it."""

    seq: int
    payload: bytes


@dataclass(frozen=True)
class Echoed:
    """The answer to an Echo."""

    seq: int
    payload: bytes


@dataclass(frozen=True)
class Echo(Askable[Echoed]):  # type: ignore[misc]  # casty is optional, so it has no types here
    """An ask. The receiver answers with the same."""

    seq: int
    payload: bytes


@dataclass(frozen=True)
class HowMany(Askable[int]):  # type: ignore[misc]
    """An ask for the count."""


@actor(initial=0, replicas=1)  # type: ignore[untyped-decorator]
async def sink(context: Context[int, Data | Echo | HowMany]) -> None:
    """Counts, echoes."""
    async for message in context.inbox:
        match message:
            case Data():
                TALLY.count += 1
                if TALLY.delay and (pause := TALLY.pause(perf_counter())):
                    await asyncio.sleep(pause)
            case Echo(seq, payload):
                message.reply_to.tell(Echoed(seq, payload))
            case HowMany():
                message.reply_to.tell(TALLY.count)


class _Client(LoopClient):
    def __init__(self, runner: asyncio.Runner, ref: Ref[Data | Echo | HowMany]) -> None:
        super().__init__(runner)
        self._ref = ref

    async def telling(self, payload: bytes, until: Until, every: int) -> Offered:
        tell, sent = self._ref.tell, 0
        while not until.over():
            for seq in range(sent, sent + every):
                tell(Data(seq, payload))
            sent += every
            await asyncio.sleep(0)  # it hands on what it was told when the loop turns
        return Offered(sent)

    def request(self, seq: int, payload: bytes) -> Awaitable[object]:
        asked: Awaitable[object] = self._ref.ask(Echo(seq, payload))
        return asked

    async def counted(self) -> int:
        return int(await self._ref.ask(HowMany()))


@contextlib.contextmanager
def connected(run: Run, product: str, server: Served) -> Iterator[_Client]:
    """A client of the cluster that the receiver's node is."""
    with run.runner() as runner:
        stack = contextlib.AsyncExitStack()
        client = runner.run(stack.enter_async_context(Client(seeds=(server.line,))))
        try:
            yield _Client(runner, client.ref(sink, "sink"))
        finally:
            runner.run(stack.aclose())


def serve(run: Run, product: str) -> None:
    """A node with the actor."""
    run.main(_serve())


async def _serve() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    async with ActorSystem(cluster=Cluster(bind=address)):
        print(address, flush=True)  # for the sender
        await asyncio.to_thread(obey, TALLY)
