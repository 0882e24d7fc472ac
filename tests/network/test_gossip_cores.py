"""Fifty cores of gossip on a clock of their own, with nothing between them but delays: churn, cuts and a partition."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random

import pytest

from peerbus.patterns import GossipOptions
from peerbus.patterns.gossip.core import GossipCore
from peerbus.patterns.gossip.messages import Digest, Have, Prune, Push, Want
from peerbus.testing import Simulation

NODES, LINKS, CHURN = 50, 6, 0.2
Said = Push | Have | Want | Prune | Digest


class Cores:
    """The cores by name, who is connected with whom, and what is on its way."""

    def __init__(self, rng: Random) -> None:
        self.rng, self.now = rng, 0.0
        self.cores: dict[str, GossipCore] = {}
        self.got: dict[str, Counter[bytes]] = {}
        self.links: set[frozenset[str]] = set()
        self.sent: set[bytes] = set()
        self.copies = self.delivered = 0
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._lives = itertools.count()
        self._due: dict[str, float] = {}

    def at(self, delay: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (self.now + delay, next(self._numbers), action))

    def run_for(self, seconds: float) -> None:
        until = self.now + seconds
        while self._queue and self._queue[0][0] <= until:
            self.now, _, action = heapq.heappop(self._queue)
            action()
        self.now = until

    def join(self, name: str) -> None:
        self.cores[name] = GossipCore(GossipOptions(), Random(f"{name} {next(self._lives)} {self.rng.random()}"))
        self.got[name] = Counter()
        self._due.pop(name, None)
        for other in self.rng.sample(sorted(set(self.cores) - {name}), min(LINKS, len(self.cores) - 1)):
            self.link(name, other)

    def leave(self, name: str) -> None:
        self.copies += self.cores[name].copies
        self.delivered += self.cores[name].delivered
        del self.cores[name]
        for pair in [pair for pair in self.links if name in pair]:
            self.cut(*pair)
        for lonely in [each for each in self.cores if not self.neighbours(each)]:
            self.link(lonely, self.rng.choice(sorted(set(self.cores) - {lonely})))

    def link(self, one: str, other: str) -> None:
        if one in self.cores and other in self.cores:
            self.links.add(frozenset((one, other)))
            self.look(one, other)

    def cut(self, one: str, other: str) -> None:
        self.links.discard(frozenset((one, other)))
        self.look(one, other)

    def look(self, *names: str) -> None:
        for name in names:
            if name in self.cores:
                self.cores[name].members(self.neighbours(name), self.now)
                self.flush(name)

    def neighbours(self, name: str) -> list[str]:
        return sorted(other for pair in self.links if name in pair for other in pair if other != name)

    def publish(self, name: str) -> None:
        payload = self.rng.randbytes(100)
        self.sent.add(payload)
        assert self.cores[name].publish("Item", payload, self.now)
        self.got[name][payload] += 1
        self.flush(name)

    def flush(self, name: str) -> None:
        core = self.cores[name]
        for peer in list(core.neighbours):
            while (message := core.next_for(peer, self.now)) is not None:
                self.at(self.rng.uniform(0.005, 0.08), partial(self.arrives, name, peer, core, message))
        due = core.due()
        if due is not None and due < self._due.get(name, float("inf")):
            self._due[name] = due
            self.at(max(0.0, due - self.now), partial(self.tick, name, core))

    def tick(self, name: str, core: GossipCore) -> None:
        if self.cores.get(name) is core:
            self._due.pop(name, None)
            core.tick(self.now)
            self.flush(name)

    def arrives(self, source: str, name: str, sender: GossipCore, message: Said) -> None:
        core = self.cores.get(name)
        if core is None or frozenset((source, name)) not in self.links:
            if self.cores.get(source) is sender:
                sender.failed(name)
            return
        match message:
            case Push():
                for item in core.pushed(source, message, self.now):
                    if core.accept(item, self.now):
                        self.got[name][item.payload] += 1
            case Have():
                core.has(source, message, self.now)
            case Want():
                core.wants(source, message, self.now)
            case Prune():
                core.pruned(source)
            case Digest():
                core.digested(source, message, self.now)
        self.flush(name)

    def complete(self) -> bool:
        """Each has what any has: what was lost with the one that it had entered at, before it left that, nobody has."""
        there = self.there()
        return all(set(self.got[name]) == there for name in self.cores)

    def there(self) -> set[bytes]:
        return set().union(*(self.got[name] for name in self.cores))


@pytest.mark.seeds(1)
def test_everybody_alive_has_everything_once_in_three_copies_at_most(sim: Simulation) -> None:
    world = Cores(sim.rng)
    rng = world.rng
    for number in range(NODES):
        world.join(f"n{number}")
    world.run_for(1.0)
    for _ in range(20):
        world.publish(rng.choice(sorted(world.cores)))
    gone: list[str] = []
    for _ in range(int(NODES * CHURN)):
        world.run_for(rng.uniform(0.05, 1.0))
        gone.append(rng.choice(sorted(world.cores)))
        world.leave(gone[-1])
        for pair in rng.sample(sorted(map(sorted, world.links)), len(world.links) // 10):
            world.cut(*pair)
            world.at(rng.uniform(0.1, 3.0), partial(world.link, *pair))
        for _ in range(3):
            world.publish(rng.choice(sorted(world.cores)))
        if rng.random() < 0.5:
            world.join(gone.pop(0))
    half = set(rng.sample(sorted(world.cores), len(world.cores) // 2))
    across = sorted(sorted(pair) for pair in world.links if len(pair & half) == 1)
    for pair in across:
        world.cut(*pair)
    for _ in range(10):
        world.publish(rng.choice(sorted(world.cores)))
    world.run_for(5.0)
    for pair in across:
        world.link(*pair)
    for name in gone:
        world.join(name)
    until = world.now + 60.0
    while not world.complete():
        missing = {name: len(world.there() - set(world.got[name])) for name in world.cores}
        assert world.now < until, {name: count for name, count in missing.items() if count}
        world.run_for(1.0)
    assert len(world.sent - world.there()) <= 3
    assert max(max(got.values()) for got in world.got.values()) == 1
    copies = world.copies + sum(core.copies for core in world.cores.values())
    assert copies <= 3 * (world.delivered + sum(core.delivered for core in world.cores.values()))
