"""The bus between two nodes in two processes, over TCP on 127.0.0.1: with TLS 1.3, its default, and without."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import tempfile
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from time import perf_counter

from peerbus.actors import Address, Channel, Peer, Reactor, SendError, handles
from peerbus.discovery import PeerUp
from peerbus.node import Node
from peerbus.transports import Identity, TcpTransport, UnixTransport
from peerbus.transports.libp2p import Libp2pTransport

from .client import LoopClient, Offered
from .messages import (
    DATACLASSES,
    MESSAGES,
    SMALL,
    Counted,
    Data,
    Echo,
    Feed,
    HowMany,
    Kind,
    MessageData,
    MessageEcho,
    MessageFeed,
    Spoken,
)
from .processes import Served
from .products import PRODUCTS
from .remote import exchange
from .run import DEADLINE, Run
from .tally import Tally, obey
from .timing import BATCH, Until, latencies, percentiles

__all__ = ["PeerbusClient", "connected", "one_node", "plain", "serve"]

#: The network's name: these nodes talk to nobody else.
_NETWORK = "benchmarks"
#: Seconds within which two nodes must have met.
_PATIENCE = 30.0
#: Deadline of each send to a receiver that is slow on purpose: some are meant to fail at it.
SLOW_DEADLINE = 1.0
#: Between two asks on another channel while one is slow: 100 a second are no load.
_SAMPLE_INTERVAL = 0.01

#: What this process has received, on every channel.
TALLY = Tally()


class Sink(Reactor):
    """Counts, echoes."""

    channel = Channel("sink", messages=(Data, Echo, Feed, HowMany, Counted))

    @handles(Data)
    def take(self, data: Data) -> None:
        """Count it."""
        TALLY.count += 1

    @handles(Echo)
    def echo(self, echo: Echo) -> Echo:
        """Answer with the message itself."""
        return echo

    @handles(Feed)
    async def feed(self, feed: Feed) -> AsyncIterator[Data]:
        """Send, as long as somebody reads."""
        for seq in itertools.count():
            yield Data(seq, feed.payload)

    @handles(HowMany)
    def how_many(self, question: HowMany) -> Counted:
        """Answer with the count."""
        return Counted(TALLY.count)


class MessageSink(Reactor):
    """The same for Messages."""

    channel = Channel("messages", messages=(MessageData, MessageEcho, MessageFeed, HowMany, Counted))

    @handles(MessageData)
    def take(self, data: MessageData) -> None:
        """Count it."""
        TALLY.count += 1

    @handles(MessageEcho)
    def echo(self, echo: MessageEcho) -> MessageEcho:
        """Answer with the message itself."""
        return echo

    @handles(MessageFeed)
    async def feed(self, feed: MessageFeed) -> AsyncIterator[MessageData]:
        """Send, as long as somebody reads."""
        for seq in itertools.count():
            yield MessageData(seq, feed.payload)

    @handles(HowMany)
    def how_many(self, question: HowMany) -> Counted:
        """Answer with the count."""
        return Counted(TALLY.count)


class WideSink(Sink):
    """The same behind the largest window that a channel may have: the cost of credit is what it is faster."""

    channel = Channel(
        "wide",
        messages=(Data, Echo, Feed, HowMany, Counted),
        window=1 << 20,
        window_bytes=1 << 30,
        mailbox=1 << 20,
        mailbox_bytes=1 << 30,
    )


class SlowSink(Sink):
    """Takes its time for each message: one at a time, while it awaits."""

    channel = Channel("slow", messages=(Data, Echo, Feed, HowMany, Counted))

    @handles(Data)
    async def take(self, data: Data) -> None:  # type: ignore[override]  # an actor's handler may be either
        """Count it, then sleep for what it takes."""
        TALLY.count += 1
        if TALLY.delay and (pause := TALLY.pause(perf_counter())):
            await asyncio.sleep(pause)


class Quiet(Reactor):
    """Another channel to the same peer."""

    channel = Channel("quiet", messages=(Echo,))

    @handles(Echo)
    def echo(self, echo: Echo) -> Echo:
        """Answer with the message itself."""
        return echo


def one_node(
    name: str, *, secure: bool, listen: bool = False, peers: tuple[str, ...] = (), carrier: str = "tcp://127.0.0.1:0"
) -> Node:
    """A node with every reactor of the benchmarks, on this machine only.

    `secure`: with TLS, where that can be left out. `carrier`: where it listens.
    """
    identity = Identity.generate()
    return Node(
        name,
        network=_NETWORK,
        identity=identity,
        listen=(carrier,) if listen else (),
        peers=peers,
        reactors=[Sink, MessageSink, WideSink, SlowSink, Quiet],
        transports=[
            TcpTransport(identity, plaintext=not secure),
            UnixTransport(identity, secure=secure),
            Libp2pTransport(identity),
        ],
    )


async def met(node: Node, number: int = 1) -> None:
    """Wait until `node` has that many peers."""
    async with asyncio.timeout(_PATIENCE):
        with node.subscribe(PeerUp) as ups:
            while len(node.peers) < number:
                await ups.get()


class PeerbusClient(LoopClient):
    """A node that is connected to one other."""

    def __init__(
        self,
        runner: asyncio.Runner,
        node: Node,
        sink: type[Sink | MessageSink] = Sink,
        kind: Kind = DATACLASSES,
    ) -> None:
        super().__init__(runner)
        self.node = node
        self.sink = sink
        self.kind = kind
        self.to: Address[Spoken] = Peer(node.peers[0]) / sink.channel.name
        self.quiet: Address[Echo] = Peer(node.peers[0]) / Quiet

    async def telling(self, payload: bytes, until: Until, every: int) -> Offered:
        node, to, data, sent = self.node, self.to, self.kind.data, 0
        while not until.over():
            for seq in range(sent, sent + every):
                await node.tell(to, data(seq, payload), timeout=DEADLINE)
            sent += every
        return Offered(sent)

    def by_many(self) -> ManyClient:
        """See TellsMany."""
        return ManyClient(self.runner, self.node, self.sink, self.kind)

    def request(self, seq: int, payload: bytes) -> Awaitable[object]:
        return self.node.ask(self.to, self.kind.echo(seq, payload), timeout=DEADLINE)

    def read(self, payload: bytes, until: Until) -> float:
        """See ReadsStreams."""
        return self.run(self._reading(payload, until))

    async def _reading(self, payload: bytes, until: Until) -> float:
        items, start = 0, perf_counter()
        async for _ in self.node.stream(self.to, self.kind.feed(payload)):
            items += 1
            if not items % BATCH and until.over():
                break
        return items / (perf_counter() - start)

    async def counted(self) -> int:
        return (await self.node.ask(self.to, HowMany(), reply=Counted, timeout=DEADLINE)).count


class ManyClient(PeerbusClient):
    """The same by `tell_many`: as many at once as the raw Protocol joins to one write."""

    async def telling(self, payload: bytes, until: Until, every: int) -> Offered:
        node, to, data, sent = self.node, self.to, self.kind.data, 0
        while not until.over():
            for _ in range(0, every, BATCH):
                messages = [data(seq, payload) for seq in range(sent, sent + BATCH)]
                sent += await node.tell_many(to, messages, timeout=DEADLINE)
        return Offered(sent)


class SlowClient(PeerbusClient):
    """The same towards a slow receiver: sends have a deadline that may pass; asks go to another channel meanwhile."""

    def __init__(self, runner: asyncio.Runner, node: Node) -> None:
        super().__init__(runner, node, SlowSink)
        self.beside: list[tuple[float, float]] = []

    def rest(self, seconds: float) -> list[float]:
        """See AsksBeside."""
        self.run(self._ask_beside(Until(seconds)))
        times = [taken for _, taken in self.beside]
        self.beside.clear()
        return times

    async def telling(self, payload: bytes, until: Until, every: int) -> Offered:
        sent = failed = 0
        sampler = asyncio.create_task(self._ask_beside(until))
        while not until.over():
            sent += 1
            try:
                await self.node.tell(self.to, Data(sent, payload), timeout=SLOW_DEADLINE)
            except SendError:
                failed += 1
        await sampler
        return Offered(sent, failed)

    async def _ask_beside(self, until: Until) -> None:
        while not until.over():
            start = perf_counter()
            await self.node.ask(self.quiet, Echo(0, SMALL), timeout=DEADLINE)
            self.beside.append((start, perf_counter() - start))
            await asyncio.sleep(_SAMPLE_INTERVAL)


@contextlib.contextmanager
def connected(run: Run, product: str, server: Served) -> Iterator[PeerbusClient]:
    """A node that dialed the receiver's."""
    with run.runner() as runner:
        node = one_node("sender", secure=_secure(product), peers=(server.line,))
        runner.run(node.__aenter__())
        try:
            runner.run(met(node))
            match product:
                case "peerbus.slow":
                    yield SlowClient(runner, node)
                case "peerbus.wide":
                    yield PeerbusClient(runner, node, WideSink)
                case "peerbus.message" | "peerbus.newer.message":
                    yield PeerbusClient(runner, node, MessageSink, MESSAGES)
                case _:
                    yield PeerbusClient(runner, node)
        finally:
            runner.run(node.aclose())


def serve(run: Run, product: str) -> None:
    """A node that listens and counts."""
    run.main(_serve(product))


async def _serve(product: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = _place(product, folder)
        async with one_node("receiver", secure=_secure(product), listen=True, carrier=place) as node:
            print(node.endpoints[0], flush=True)  # read by the process that started it
            await asyncio.to_thread(obey, TALLY)


def _place(product: str, folder: str) -> str:
    """Where its receiver listens."""
    if product.startswith("peerbus.unix"):
        return f"unix://{folder}/s"
    return f"{'libp2p+tcp' if product == 'peerbus.libp2p' else 'tcp'}://127.0.0.1:0"


def _secure(product: str) -> bool:
    return product in ("peerbus.tls", "peerbus.slow", "peerbus.unix")


def plain(run: Run) -> Mapping[str, float]:
    """Two nodes, plain TCP: round trip, in flight, one-way; then asks on one channel while another is flooded."""
    with PRODUCTS["peerbus"].connected(run) as client:
        assert isinstance(client, PeerbusClient)
        return exchange(client, run) | client.run(_flooded(client, run))


async def _flooded(client: PeerbusClient, run: Run) -> dict[str, float]:
    def ask(seq: int) -> Awaitable[object]:
        return client.node.ask(client.quiet, Echo(seq, SMALL), timeout=DEADLINE)

    await latencies(ask, Until(run.warm_up))
    found = {
        f"quiet ask {name}": value for name, value in percentiles(await latencies(ask, Until(run.seconds))).items()
    }
    flood = Until(DEADLINE)
    flooding = asyncio.create_task(client.telling(SMALL, flood, 1))
    await latencies(ask, Until(run.warm_up))
    start = perf_counter()
    times = await latencies(ask, Until(run.seconds))
    flood.stop()
    found["flood"] = (await flooding).sent / (perf_counter() - start + run.warm_up)
    return found | {f"flooded ask {name}": value for name, value in percentiles(times).items()}
