"""Whole nodes over a NATS server in a simulation: it loses messages, is slow, goes and comes back, on many seeds."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from random import Random

import pytest
from simulated_nats import SimulatedNats

from peerbus.actors import Channel, DeadLetter, Message, Peer, Reactor, Request, SendError, handles
from peerbus.discovery import PeerOptions
from peerbus.node import Node
from peerbus.testing import Simulation
from peerbus.transports.kinds import read_endpoint
from peerbus.transports.nats import NatsServer, NatsTransport
from peerbus.transports.streams import Identity

#: Enough for a change to be tried on; `make soak` takes thousands.
seeds = pytest.mark.seeds(6)
NAMES = ("alice", "bob", "carol")
IDENTITIES = {name: Identity.from_seed(name.encode().ljust(32, b".")) for name in NAMES}
#: Quick to come back, so that little virtual time has to pass.
OPTIONS = PeerOptions(disconnect_cooldown=0.2, max_retry=2.0, max_retry_persistent=2.0)
HEARTBEAT = 1.0
MESSAGES = 40


class Numbered(Message):
    by: str
    number: int


class Double(Message, Request[int]):
    number: int


class Inbox(Reactor):
    """Keeps what came, by sender."""

    channel = Channel("inbox", messages=(Numbered, Double))

    def __init__(self, seen: dict[str, list[int]]) -> None:
        super().__init__()
        self._seen = seen

    @handles(Numbered)
    def take(self, message: Numbered) -> None:
        self._seen.setdefault(message.by, []).append(message.number)

    @handles(Double)
    def double(self, message: Double) -> int:
        return 2 * message.number


@dataclass
class Talk:
    """What one node tells and asks another: each number once."""

    node: Node
    to: str
    sent: int = 0
    failed: set[int] = field(default_factory=set)
    answered: int = 0

    async def go(self, rng: Random) -> None:
        inbox = Peer(self.to) / "inbox"
        while self.sent < MESSAGES:
            number = self.sent
            self.sent += 1
            try:
                await self.node.tell(inbox, Numbered(self.node.name, number), timeout=rng.choice([0.05, 1.0]))
            except SendError:
                self.failed.add(number)
            if number % 4 == 0:
                with contextlib.suppress(SendError):
                    assert await self.node.ask(inbox, Double(number), timeout=1.0) == 2 * number
                    self.answered += 1
            await asyncio.sleep(rng.expovariate(10.0))


@pytest.fixture
def server(sim: Simulation) -> SimulatedNats:
    return SimulatedNats(sim.rng_for("server"))


@pytest.fixture
def transports(sim: Simulation, server: SimulatedNats) -> dict[str, NatsTransport]:
    return transports_of(sim, server)


def transports_of(sim: Simulation, server: SimulatedNats) -> dict[str, NatsTransport]:
    """Made before the simulation runs: what TLS needs is of the system."""
    return {
        name: NatsTransport(
            identity, [NatsServer("broker", 4222)], connect=server.connect, rng=sim.rng_for(f"nats/{name}")
        )
        for name, identity in IDENTITIES.items()
    }


def node(sim: Simulation, name: str, transport: NatsTransport, seen: dict[str, list[int]]) -> Node:
    return Node(
        name,
        network="lan",
        identity=IDENTITIES[name],
        transports=[transport],
        listen=[str(read_endpoint("nats://broker:4222/lan"))],
        reactors=[partial(Inbox, seen)],
        options=OPTIONS,
        heartbeat=HEARTBEAT,
        rng=sim.rng_for(f"node/{name}"),
    )


async def trouble(sim: Simulation, server: SimulatedNats) -> None:
    """Make trouble for a while, and end it."""
    for _ in range(4):
        await sim.run_for(sim.rng.uniform(0.2, 2.0))
        match sim.rng.randrange(4):
            case 0:
                server.crash()
                await sim.run_for(sim.rng.uniform(0.0, 4.0))
                server.return_()
            case 1:
                server.loss = 0.02
                await sim.run_for(sim.rng.uniform(0.5, 4.0))
                server.loss = 0.0
            case 2:
                server.most = sim.rng.choice([0.01, 0.2])
            case _:
                server.silent = True
                await sim.run_for(sim.rng.uniform(0.0, 3.0))
                server.silent = False


def check_ledgers(one: Node) -> None:
    """Every message is delivered, failed for a reason, or pending."""
    snapshot = one.snapshot()
    for name, account in snapshot.ledger.remote.items():
        assert account.sent == account.delivered + sum(account.failed.values()) + account.pending, name
    for connection in snapshot.connections.values():
        for name, lane in connection.lanes.items():
            pending = lane.waiting + lane.queued + lane.unconfirmed
            assert lane.sent == lane.delivered + sum(lane.failed.values()) + pending, name


async def story(sim: Simulation, server: SimulatedNats, transports: dict[str, NatsTransport]) -> list[Talk]:
    """Three nodes meet, talk while there is trouble, and meet again; what each has sent, heard and lost adds up."""
    seen: dict[str, dict[str, list[int]]] = {name: {} for name in NAMES}
    server.most = sim.rng.choice([0.0, 0.001, 0.05])
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(node(sim, name, transports[name], seen[name])) for name in NAMES]

        def met() -> bool:
            return all(len(one.peers) == len(nodes) - 1 for one in nodes)

        await sim.until(met, within=60)
        talks = [Talk(one, other.node_id) for one in nodes for other in nodes if one is not other]
        letters = {one.name: stack.enter_context(one.subscribe(DeadLetter)) for one in nodes}
        talking = [asyncio.create_task(each.go(sim.rng_for(f"talk {number}"))) for number, each in enumerate(talks)]
        await trouble(sim, server)
        await asyncio.gather(*talking)
        await sim.until(met, within=120)
        await sim.run_for(20)
        for one in nodes:
            check_ledgers(one)
            for letter in iter(letters[one.name].get_nowait, None):
                if isinstance(letter.message, Numbered):
                    for talk in talks:
                        if talk.node is one and talk.to in letter.to:
                            talk.failed.add(letter.message.number)
        for talk in talks:
            (receiver,) = (one for one in nodes if one.node_id == talk.to)
            numbers = seen[receiver.name].get(talk.node.name, [])
            assert len(numbers) == len(set(numbers)), "delivered twice"
            assert numbers == sorted(numbers), "out of order"
            lost = set(range(talk.sent)) - set(numbers) - talk.failed
            assert not lost, "lost without a word"
    await sim.run_for(1)
    assert not server.clients
    return talks


@seeds
async def test_nothing_comes_twice_or_is_lost_without_a_word_though_the_server_loses_and_is_lost(
    sim: Simulation, server: SimulatedNats, transports: dict[str, NatsTransport]
) -> None:
    talks = await story(sim, server, transports)
    assert sum(talk.answered for talk in talks)


def test_the_same_seed_is_the_same_story() -> None:
    def told(seed: int) -> tuple[float, list[tuple[bytes, int]]]:
        sim = Simulation(seed=seed)
        server = SimulatedNats(sim.rng_for("server"))
        sim.run(story(sim, server, transports_of(sim, server)))
        return sim.time, [(subject, len(data)) for subject, data in server.published]

    assert told(3) == told(3)
    assert told(3) != told(4)
