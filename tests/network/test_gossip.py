"""Gossip between whole nodes: everybody gets everything, once, through churn and lost connections."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable

import pytest

from peerbus.actors import LOCAL, Message, Peer, Reactor, RemoteError, Role
from peerbus.actors.messages import encoding_of
from peerbus.discovery import PeerOptions
from peerbus.patterns import GetGossip, Gossip, GossipOptions, GossipView, gossip_channel
from peerbus.patterns.gossip.messages import Carried, Digest, Have, Push, Want
from peerbus.patterns.gossip.store import item_id
from peerbus.testing import Simulation


class Transaction(Message):
    number: int
    payload: bytes = b""


class Mempool(Gossip[Transaction]):
    channel = gossip_channel("mempool", Transaction, priority=3)
    role = "miner"

    def __init__(self, got: Counter[int]) -> None:
        super().__init__()
        self.got = got

    def deliver(self, item: Transaction) -> None:
        self.got[item.number] += 1


#: How many; `make soak` has fifty.
NODES = int(os.environ.get("PEERBUS_GOSSIP_NODES", "10"))
#: The part of them that crashes and comes back.
CHURN = 0.2
#: Each node dials few, so that most of them are not connected.
FEW = PeerOptions(max_connected=8, max_outgoing=4, disconnect_cooldown=0.2, max_retry=2.0)


class Crowd:
    """Nodes that gossip, and what each has got since it was started last."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.got: dict[str, Counter[int]] = {}
        #: At whom each item entered; and how many were lost with that one, before it had told anybody.
        self.entered: dict[int, str] = {}
        self.sent = self.lost = 0

    async def start(self, name: str, *, peers: Iterable[str] = (), discover: bool = True) -> None:
        reactors = [self._make(name)]
        await self.sim.node(
            name, reactors=reactors, offers={"miner"}, options=FEW, heartbeat=1.0, peers=peers, discover=discover
        )

    def _make(self, name: str) -> Callable[[], Mempool]:
        def make() -> Mempool:
            self.got[name] = Counter()
            return Mempool(self.got[name])

        return make

    async def send(self, times: int) -> None:
        """As many items, each at some node that is alive."""
        for _ in range(times):
            name = self.sim.rng.choice(list(self.sim.nodes))
            await self.sim.nodes[name].tell(LOCAL / Mempool, Transaction(self.sent, b"x" * 100))
            self.entered[self.sent] = name
            self.sent += 1

    def crash(self, name: str) -> None:
        """What it alone knew is lost with it: what it had, and what it was told and had not handled."""
        others = set().union(*(self.got[each] for each in self.sim.nodes if each != name))
        own = {number for number, where in self.entered.items() if where == name}
        self.lost += len((own | set(self.got[name])) - others)
        self.entered = {number: where for number, where in self.entered.items() if where != name}
        self.sim.crash(name, reset=self.sim.rng.random() < 0.5)

    def complete(self) -> bool:
        """Each node that is alive has everything that was sent, but for what was lost with where it entered."""
        alive = [set(self.got[name]) for name in self.got if name in self.sim.nodes]
        there = set().union(*alive)
        return len(there) >= self.sent - self.lost and all(got == there for got in alive)

    async def views(self) -> list[GossipView]:
        return [await node.ask(LOCAL / Mempool, GetGossip()) for node in self.sim.nodes.values()]


@pytest.mark.seeds(1)
async def test_everybody_who_is_alive_gets_everything_once_through_churn_and_lost_connections(sim: Simulation) -> None:
    crowd = Crowd(sim)
    for number in range(NODES):
        await crowd.start(f"n{number}")
    await sim.run_for(3.0)
    await crowd.send(5)
    gone: list[str] = []
    for _ in range(max(2, int(NODES * CHURN))):
        name = sim.rng.choice(list(sim.nodes))
        gone.append(name)
        crowd.crash(name)
        there = sorted(sim.nodes)
        sim.network.break_streams(sim.rng.choice(there))
        if sim.rng.random() < 0.3:
            half = set(sim.rng.sample(there, len(there) // 2))
            sim.network.partition(half, set(there) - half)
        await crowd.send(3)
        await sim.run_for(sim.rng.uniform(0.2, 1.5))
        sim.network.heal()
        if sim.rng.random() < 0.5:
            await sim.restart(gone.pop(0))
    for name in gone:
        await sim.restart(name)
    await sim.until(crowd.complete, within=90)
    views = await crowd.views()
    assert max(max(got.values()) for got in crowd.got.values()) == 1
    assert sum(view.copies for view in views) <= 3 * sum(view.delivered for view in views)
    assert all(view.refused == view.evicted == view.distrusted == 0 for view in views)


def test_who_comes_late_catches_up_and_what_a_client_sends_spreads() -> None:
    sim = Simulation(seed=3)

    async def scenario() -> None:
        crowd = Crowd(sim)
        for name in ("alice", "bob"):
            await crowd.start(name)
        # A node that offers nothing tells a member, and a slow network keeps alice and carol apart.
        client = await sim.node("client", channels=[Mempool.channel])
        await client.tell(Role("miner") / Mempool, Transaction(0), wait_for_peer=True)
        assert await client.ask(Role("miner") / Mempool, Transaction(1))
        crowd.sent = 2
        await sim.until(crowd.complete, within=5)
        assert not await client.ask(Role("miner") / Mempool, Transaction(1))
        await crowd.start("carol")
        await sim.until(crowd.complete, within=5)
        await sim.restart("bob")
        await sim.until(crowd.complete, within=5)
        with pytest.raises(RemoteError, match="its own node asks"):
            await client.ask(Role("miner") / Mempool, GetGossip())

    sim.run(scenario())


def test_an_item_comes_over_members_to_those_who_are_not_connected() -> None:
    """A chain: each knows the one before it and the one behind it, and no other."""
    sim = Simulation(seed=4)

    async def scenario() -> None:
        crowd = Crowd(sim)
        names = [f"n{number}" for number in range(6)]
        for place, name in enumerate(names):
            await crowd.start(name, peers=names[max(0, place - 1) : place], discover=False)
        await sim.until(lambda: sum(len(node.peers) for node in sim.nodes.values()) == 10, within=5)
        await sim.nodes["n0"].tell(LOCAL / Mempool, Transaction(0))
        crowd.sent = 1
        await sim.until(crowd.complete, within=5)
        assert len(sim.nodes["n0"].peers) == 1

    sim.run(scenario())


class Narrow(Mempool):
    """Its channel carries less than a gossip says at a time elsewhere."""

    channel = gossip_channel("mempool", Transaction, max_message=4096)


def test_no_message_is_larger_than_its_channel_carries() -> None:
    sim = Simulation(seed=10)

    async def scenario() -> None:
        got: dict[str, Counter[int]] = {"alice": Counter(), "bob": Counter()}
        alice = await sim.node("alice", reactors=[lambda: Narrow(got["alice"])], offers={"miner"})
        for number in range(600):
            await alice.tell(LOCAL / Narrow, Transaction(number, b"x" * (number % 3 * 1500)))
        bob = await sim.node("bob", reactors=[lambda: Narrow(got["bob"])], offers={"miner"})
        await sim.until(lambda: len(got["bob"]) == 600, within=30)
        await bob.tell(LOCAL / Narrow, Transaction(600))
        await sim.until(lambda: len(got["alice"]) == 601, within=5)
        for node in (alice, bob):
            assert not node.bus.ledger().remote["mempool"].failed

    sim.run(scenario())


class Strict(Mempool):
    """Takes even numbers only, and fails at 4."""

    channel = gossip_channel("mempool", Transaction)
    options = GossipOptions(keep=50, keep_bytes=1 << 20, exchange=1.0)

    def valid(self, item: Transaction) -> bool:
        return item.number % 2 == 0

    def deliver(self, item: Transaction) -> None:
        super().deliver(item)
        if item.number == 4:
            raise ValueError("four")


class Liar(Reactor):
    """Says what it is told to, as a member of the gossip, and keeps what it hears."""

    channel = gossip_channel("mempool", Transaction)

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []

    def on_receive(self, message: object) -> None:
        self.heard.append(message)


def test_what_came_together_goes_on_together() -> None:
    """One message with that many items becomes no message for each of them at every neighbour."""
    sim = Simulation(seed=9)

    async def scenario() -> None:
        got: Counter[int] = Counter()
        alice = await sim.node("alice", reactors=[lambda: Mempool(got)], offers={"miner"})
        listening: list[Liar] = []

        def listens() -> Liar:
            listening.append(Liar())
            return listening[-1]

        says = await sim.node("says", reactors=[Liar], offers={"miner"})
        hears = await sim.node("hears", reactors=[listens], offers={"miner"})
        await sim.until(lambda: len(alice.peers) == len(hears.peers) == len(says.peers) == 2, within=5)
        items = [encoding_of(Transaction).encode(Transaction(number)) for number in range(40)]
        push = Push(tuple(Carried("Transaction", payload, 0.0) for payload in items))
        await says.bus.send(Peer(alice.node_id) / "mempool", push, None, says.bus.cell("mempool"))
        await sim.until(lambda: len(got) == 40, within=5)
        await sim.run_for(0.01)
        pushes = [each for each in listening[0].heard if isinstance(each, Push)]
        assert [len(each.items) for each in pushes] == [40]

    sim.run(scenario())


def test_what_a_lying_member_does_is_bounded() -> None:
    sim = Simulation(seed=5)

    async def scenario() -> None:
        got: Counter[int] = Counter()
        alice = await sim.node("alice", reactors=[lambda: Strict(got)], offers={"miner"})
        liar = await sim.node("liar", reactors=[Liar], offers={"miner"})
        await sim.until(lambda: alice.peers and liar.peers, within=5)
        to = Peer(alice.node_id) / "mempool"
        lies = liar.bus.cell("mempool")
        assert lies is not None

        async def says(*messages: object) -> GossipView:
            for message in messages:
                await liar.bus.send(to, message, None, lies)
            await sim.run_for(0.1)
            return await alice.ask(LOCAL / Strict, GetGossip())

        def carried(number: int, kind: str = "Transaction", age: float = 0.0) -> Carried:
            return Carried(kind, encoding_of(Transaction).encode(Transaction(number)), age)

        # Odd ones, bytes that are none, types that nobody knows: not delivered, held or asked for.
        view = await says(
            Push((carried(1), Carried("Transaction", b"\xc1", 0.0), carried(2, "Else"), carried(6, age=9e9)))
        )
        assert (view.refused, view.held, got.total()) == (3, 0, 0)
        # One that fails is delivered, and the gossip goes on.
        view = await says(Push((carried(4), carried(8), carried(8))))
        assert (view.delivered, dict(got)) == (2, {4: 1, 8: 1})
        # It announces what it does not have: each is asked for once, and then it is not heard for a while.
        await says(*(Have(tuple(number.to_bytes(16, "big") for number in range(at, at + 64))) for at in (0, 64)))
        await sim.run_for(5.0)
        view = await says()
        assert (view.broken >= 64, view.distrusted) == (True, 1)
        assert (await says(Push((carried(10),)))).delivered == 2
        await sim.run_for(70.0)
        # A flood of valid ones pushes out its own, and not what this node has published.
        await alice.tell(LOCAL / Strict, Transaction(12))
        for at in range(100, 600, 100):
            view = await says(Push(tuple(carried(number) for number in range(at, at + 100, 2))))
        assert view.held == 50
        assert view.evicted > 150
        mine = item_id("Transaction", encoding_of(Transaction).encode(Transaction(12)))
        # Wishes for one item are served twice between two exchanges, those for what nobody has never.
        view = await says(*(Want((mine,)) for _ in range(20)), Want((b"?" * 16,)))
        assert view.unserved >= 10
        assert (await says(*(Digest((b"x" * 16,) * 64) for _ in range(50)))).held == 50
        # Invalid ones without end are reported, and cost it its place.
        for at in range(1001, 1600, 100):
            await says(Push(tuple(carried(number) for number in range(at, at + 100, 2))))
        assert (await says()).distrusted == 1
        peer = alice.peer(liar.node_id)
        assert peer is not None
        assert peer.score < 0

    sim.run(scenario())


def test_what_is_too_large_or_invalid_is_refused_where_it_enters() -> None:
    sim = Simulation(seed=6)

    async def scenario() -> None:
        got: Counter[int] = Counter()
        alice = await sim.node("alice", reactors=[lambda: Strict(got)], offers={"miner"})
        with pytest.raises(RemoteError, match="invalid: the gossip 'mempool' refuses this Transaction"):
            await alice.ask(LOCAL / Strict, Transaction(1))
        with pytest.raises(RemoteError, match="MessageTooLarge: Transaction takes"):
            await alice.ask(LOCAL / Strict, Transaction(2, b"x" * ((4 << 20) - 300)))
        await alice.tell(LOCAL / Strict, Transaction(3))  # told: it resumes
        assert await alice.ask(LOCAL / Strict, Transaction(2))

    sim.run(scenario())
