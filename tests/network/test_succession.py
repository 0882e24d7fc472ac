"""When one connection takes the place of another, senders notice nothing: order is kept, who waits goes on waiting."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

import pytest

from peerbus.actors import Address, Channel, DeadLetter, Peer, Reactor, Terminated, handles
from peerbus.node import Node
from peerbus.testing import Simulation, Uniform


@dataclass(frozen=True)
class Note:
    number: int
    data: bytes = b""


class Kept(Reactor):
    """Keeps what it is told; while its gate is shut it takes nothing more."""

    channel = Channel("kept", messages=(Note,), window=4, timeout=30)

    def __init__(self, gate: asyncio.Event, notes: list[int]) -> None:
        super().__init__()
        self._gate, self._notes = gate, notes

    @handles(Note)
    async def keep(self, note: Note) -> int:
        await self._gate.wait()
        self._notes.append(note.number)
        return note.number


class Watcher(Reactor):
    """Watches, and keeps what it hears."""

    channel = Channel("watcher", messages=(Note,))

    def __init__(self, target: Address[object], heard: list[Terminated]) -> None:
        super().__init__()
        self._target, self._heard = target, heard

    def on_start(self) -> None:
        self.watch(self._target)

    @handles(Note)
    def never(self, _: Note) -> None: ...

    @handles(Terminated)
    def hear(self, terminated: Terminated) -> None:
        self._heard.append(terminated)


async def dialed_by_the_larger(sim: Simulation, gate: asyncio.Event, notes: list[int]) -> tuple[Node, Node]:
    """Two nodes, and one connection that will lose as soon as the other node dials; the first returned dialed it."""
    nodes = [
        await sim.node(name, discover=False, reactors=[partial(Kept, gate, notes)], heartbeat=1.0)
        for name in ("alice", "bob")
    ]
    smaller, larger = sorted(nodes, key=lambda node: node.node_id)
    larger.dial(f"memory://{smaller.name}")
    await sim.until(lambda: smaller.peers and larger.peers, within=10)
    return larger, smaller


def names(node: Node) -> set[str]:
    return set(node.snapshot().connections)


async def replaced(sim: Simulation, larger: Node, smaller: Node) -> None:
    """The other node dials as well: its connection wins."""
    before = names(larger)
    smaller.dial(f"memory://{larger.name}")
    await sim.until(lambda: names(larger) - before, within=10)


@pytest.mark.seeds(15)
async def test_who_waits_for_credit_goes_on_waiting_at_the_connection_that_takes_over(sim: Simulation) -> None:
    sim.network.shape(latency=Uniform(0.0, sim.rng.choice([0.0, 0.02])))
    gate, notes = asyncio.Event(), list[int]()
    larger, smaller = await dialed_by_the_larger(sim, gate, notes)
    with larger.subscribe(DeadLetter) as ours, smaller.subscribe(DeadLetter) as theirs:
        # Each way: some are at the receiver, the rest waits for credit; an ask stands among the tells.
        sends = []
        for node, other, first in ((larger, smaller, 0), (smaller, larger, 100)):
            to = Peer(other.node_id) / Kept
            for number in range(first, first + 12):
                sends.append(asyncio.ensure_future(_send(node, to, number)))
                await asyncio.sleep(0)
        await sim.run_for(sim.rng.choice([0.0, 0.01, 1.0]))
        await replaced(sim, larger, smaller)
        for node, other, first in ((larger, smaller, 12), (smaller, larger, 112)):
            sends.append(asyncio.ensure_future(_send(node, Peer(other.node_id) / Kept, first)))
        await sim.run_for(sim.rng.choice([0.0, 0.5]))
        gate.set()
        await asyncio.gather(*sends)
        await sim.until(lambda: len(notes) == 26, within=30)
        await sim.run_for(10)
        assert [n for n in notes if n < 100] == list(range(13))
        assert [n for n in notes if n >= 100] == list(range(100, 113))
        assert (ours.get_nowait(), theirs.get_nowait()) == (None, None)
        for node in (larger, smaller):
            account = node.snapshot().ledger.remote["kept"]
            assert (account.sent, account.delivered, account.pending, account.failed) == (13, 13, 0, {})


async def _send(node: Node, to: Address[Note], number: int) -> None:
    note = Note(number, bytes(40_000 if number % 5 == 3 else 10))
    if number % 4 == 1:
        assert await node.ask(to, note) == number
    else:
        await node.tell(to, note)


@pytest.mark.seeds(8)
async def test_what_was_accepted_before_goes_first_also_where_that_connection_is_slower(sim: Simulation) -> None:
    gate, notes = asyncio.Event(), list[int]()
    gate.set()
    larger, smaller = await dialed_by_the_larger(sim, gate, notes)
    to = Peer(smaller.node_id) / Kept
    sim.network.shape(bandwidth=200_000.0, latency=0.01)
    await larger.tell(to, Note(0, bytes(100_000)))
    await larger.tell(to, Note(1, bytes(100_000)))
    await sim.run_for(0.1)
    await replaced(sim, larger, smaller)
    for number in range(2, 5):
        await larger.tell(to, Note(number))
    await sim.until(lambda: len(notes) == 5, within=30)
    assert notes == list(range(5))


@pytest.mark.seeds(8)
async def test_a_successor_waits_no_longer_for_a_connection_that_the_peer_does_not_read_any_more(
    sim: Simulation,
) -> None:
    gate, notes = asyncio.Event(), list[int]()
    gate.set()
    larger, smaller = await dialed_by_the_larger(sim, gate, notes)
    to = Peer(smaller.node_id) / Kept
    with larger.subscribe(DeadLetter) as letters:
        sim.network.half_open(smaller, larger)  # larger believes that it lives
        await larger.tell(to, Note(0))
        await sim.run_for(0.01)
        await replaced(sim, larger, smaller)
        await sim.run_for(0.2)
        start = sim.time
        await larger.tell(to, Note(1))
        await sim.until(lambda: notes == [1], within=10)
        assert sim.time - start < 3
        letter = await letters.get()
        assert (letter.message, letter.reason) == (Note(0), "peer_gone")


@pytest.mark.seeds(8)
async def test_who_watches_a_remote_reactor_does_not_hear_of_its_end_when_only_a_connection_is_replaced(
    sim: Simulation,
) -> None:
    gate, notes, heard = asyncio.Event(), list[int](), list[Terminated]()
    gate.set()
    larger, smaller = await dialed_by_the_larger(sim, gate, notes)
    target: Address[object] = Peer(smaller.node_id) / "kept"
    larger.spawn(lambda: Watcher(target, heard))
    await sim.run_for(1)
    await replaced(sim, larger, smaller)
    await sim.run_for(10)
    assert not heard
    await smaller.aclose()
    await sim.until(lambda: heard, within=10)
    assert [each.address for each in heard] == [target]
