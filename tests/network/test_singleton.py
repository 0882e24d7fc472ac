"""One of several nodes runs a reactor: it moves in order, is taken over, and is one again after a partition."""

from __future__ import annotations

import pytest

from peerbus.actors import Channel, Message, Peer, Reactor, Request, Role, handles
from peerbus.discovery import PeerOptions
from peerbus.patterns import Singleton
from peerbus.testing import Simulation


class Add(Message, Request[str]):
    number: int


#: Who runs it now, and when each began and ended: (time, node, +1 or -1).
Lives = list[tuple[float, str, int]]


class Ledger(Reactor):
    channel = Channel("ledger", messages=(Add,), idempotent=(Add,))

    #: Of the test that runs, by the names of nodes.
    lives: Lives = []  # noqa: RUF012  # each test sets it

    def on_start(self) -> None:
        self.lives.append((self.bus.loop.time(), self.bus.name, 1))

    def on_stop(self) -> None:
        self.lives.append((self.bus.loop.time(), self.bus.name, -1))

    @handles(Add)
    def add(self, add: Add) -> str:
        return f"{add.number} at {self.bus.name}"


class OneLedger(Singleton):
    reactor = Ledger
    role = "bank"


OPTIONS = PeerOptions(disconnect_cooldown=0.2, max_retry=2.0, max_retry_persistent=2.0)


class Banks:
    """Nodes that may run it, and who does."""

    def __init__(self, sim: Simulation, count: int) -> None:
        self.sim, self.names = sim, [f"n{number}" for number in range(count)]
        self.lives: Lives = []
        Ledger.lives = self.lives
        self.crashed: set[str] = set()

    async def start(self) -> None:
        for name in self.names:
            await self.sim.node(name, reactors=[OneLedger], offers={"bank"}, options=OPTIONS, heartbeat=1.0)

    def running(self) -> list[str]:
        """Where it runs, among nodes that are alive."""
        return [name for name, node in self.sim.nodes.items() if node.bus.cell("ledger") is not None]

    def one(self) -> bool:
        return len(self.running()) == 1

    def most_at_once(self) -> int:
        """Of those that ended in order: how many ran at the same moment, at most."""
        running = most = 0
        for _, _, change in sorted(self.lives, key=lambda life: (life[0], life[2])):
            running += change
            most = max(most, running)
        return most


async def asked(sim: Simulation, name: str, number: int = 7) -> str:
    return await sim.nodes[name].ask(Role("bank") / Ledger, Add(number), wait_for_peer=True, timeout=20.0)


async def test_it_runs_once_moves_in_order_and_is_found_by_all(sim: Simulation) -> None:
    banks = Banks(sim, 3)
    await banks.start()
    client = await sim.node("client", channels=[Ledger.channel])
    answer = await client.ask(Role("bank") / Ledger, Add(1), wait_for_peer=True, timeout=10.0)
    (first,) = banks.running()
    assert answer == f"1 at {first}"
    assert [await asked(sim, name) for name in banks.names] == [f"7 at {first}"] * 3
    # It leaves in order: it has stopped before the next one starts, and whoever asks meanwhile waits.
    await sim.nodes[first].aclose()
    second = await client.ask(Role("bank") / Ledger, Add(2), wait_for_peer=True, timeout=20.0)
    assert second == f"2 at {banks.running()[0]}" != f"2 at {first}"
    # The best one of all is back, and gets it.
    await sim.restart(first)
    await sim.until(lambda: banks.running() == [first], within=20)
    assert await asked(sim, banks.names[0]) == f"7 at {first}"
    assert banks.most_at_once() == 1
    # It gives up the role, and then it dies.
    sim.nodes[first].withdraw("bank")
    await sim.until(lambda: banks.one() and banks.running() != [first], within=20)
    assert banks.most_at_once() == 1
    (third,) = banks.running()
    sim.crash(third)
    await sim.until(lambda: banks.one() and banks.running() != [third], within=20)


@pytest.mark.seeds(1)
async def test_a_partition_has_one_on_each_side_and_one_again_when_it_heals(sim: Simulation) -> None:
    banks = Banks(sim, 4)
    await banks.start()
    await sim.until(banks.one, within=20)
    await sim.run_for(3.0)
    assert banks.one()
    half = set(sim.rng.sample(banks.names, 2))
    other = set(banks.names) - half
    sim.network.partition(half, other)

    def each_side() -> bool:
        return len(half & {*banks.running()}) == len(other & {*banks.running()}) == 1

    await sim.until(each_side, within=40)
    sim.network.heal()
    await sim.until(banks.one, within=60)
    (there,) = banks.running()
    await sim.run_for(5.0)
    assert banks.running() == [there]
    for name in banks.names:
        assert await asked(sim, name) == f"7 at {there}"


@pytest.mark.seeds(1)
async def test_through_crashes_and_restarts_there_is_one_in_the_end_and_sends_find_it(sim: Simulation) -> None:
    banks = Banks(sim, 4)
    await banks.start()
    await sim.until(banks.one, within=20)
    for _ in range(4):
        name = sim.rng.choice(banks.names)
        sim.crash(name, reset=sim.rng.random() < 0.5)
        await sim.run_for(sim.rng.uniform(0.1, 6.0))
        await sim.restart(name)
    await sim.run_for(20.0)
    (there,) = banks.running()
    assert {await asked(sim, name) for name in banks.names} == {f"7 at {there}"}


async def test_a_reactor_that_fails_for_good_is_started_again(sim: Simulation) -> None:
    banks = Banks(sim, 1)
    await banks.start()
    await sim.until(banks.one, within=20)
    cell = sim.nodes["n0"].bus.cell("ledger")
    assert cell is not None
    cell.kill("a test says so")
    await sim.until(lambda: sum(change > 0 for _, _, change in banks.lives) == 2, within=20)


async def test_a_stranger_gets_nothing_by_claiming(sim: Simulation) -> None:
    """Whoever is no member, or not the first of those that a member sees, is denied, whatever it says."""
    banks = Banks(sim, 2)
    await banks.start()
    await sim.until(banks.one, within=20)
    stranger = await sim.node("stranger", reactors=[OneLedger])  # it offers nothing
    await sim.until(lambda: len(stranger.peers) == 2, within=10)
    claim, released = OneLedger.declared_channel().messages
    (there,) = banks.running()
    other = next(name for name in banks.names if name != there)
    for liar in (other, "stranger"):
        lies = sim.nodes[liar].bus.cell("ledger.one")
        assert lies is not None
        to = Peer(sim.nodes[there].node_id) / "ledger.one"
        assert await sim.nodes[liar].bus.request(to, claim(), 2.0, None, lies) is False
        await sim.nodes[liar].bus.send(to, released(), 2.0, lies)
    await sim.run_for(5.0)
    assert banks.running() == [there]
