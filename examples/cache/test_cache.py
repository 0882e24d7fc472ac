"""The cache: judging and keeping, replicas that crash and come back on a simulated network, and real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from peerbus.actors import LOCAL, Peer, RemoteError
from peerbus.node import Node
from peerbus.testing import FaultyNetwork, Probes, Published, Simulation

from .client import Cache, Get, Judged, Put, Repaired, judge
from .messages import Entry, Read, Version, Write
from .replica import REPLICA, Replica
from .store import Store

#: The folder in which `python -m cache` finds it.
HOME = Path(__file__).resolve().parents[1]
OLD, NEW = Entry("k", "old", Version(1, "a")), Entry("k", "new", Version(2, "a"))


def test_the_newest_counts_and_whoever_has_another_is_stale() -> None:
    assert judge({"p": None, "q": None}) == Judged(None, ())
    assert judge({"p": NEW, "q": NEW}) == Judged(NEW, ())
    assert judge({"p": OLD, "q": NEW, "r": None}) == Judged(NEW, ("p", "r"))


def test_of_two_that_wrote_at_once_the_same_one_counts_everywhere() -> None:
    ada, bob = Entry("k", "ada's", Version(3, "a")), Entry("k", "bob's", Version(3, "b"))
    assert judge({"p": ada, "q": bob}).newest == judge({"p": bob, "q": ada}).newest == bob


def test_a_store_keeps_what_is_newer_also_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = Store(path)
    assert store.get("k") is None
    assert store.keep(NEW) == NEW.version
    assert store.keep(OLD) == NEW.version, "an older one comes late, and changes nothing"
    store.close()
    again = Store(path)
    assert again.get("k") == NEW
    deleted = Entry("k", None, Version(3, "a"))
    assert again.keep(deleted) == deleted.version
    assert again.get("k") == deleted, "that it was deleted is remembered"
    again.close()


@pytest.mark.parametrize(("key", "value"), [("", "v"), ("k" * 201, "v"), ("k", "v" * 65_537)])
def test_what_is_too_large_is_no_entry(key: str, value: str) -> None:
    with pytest.raises(ValueError, match="characters"):
        Entry(key, value, Version(1, "a"))


async def test_a_replica_answers_with_what_it_has_and_tells_what_is_new(probe: Probes) -> None:
    replica = await probe.alone(Replica)
    assert await replica.ask(Read("k")) is None
    assert await replica.ask(Write(NEW)) == NEW.version
    assert await replica.ask(Write(OLD)) == NEW.version
    assert await replica.ask(Read("k")) == NEW
    assert [each for each in replica.effects if isinstance(each, Published)] == [Published(NEW)]


class Cluster:
    """Three replicas, each with a file, and two clients."""

    def __init__(self, sim: Simulation, folder: Path) -> None:
        self.sim, self.folder = sim, folder
        self.clients: list[Node] = []

    async def start(self) -> None:
        for name in ("r0", "r1", "r2"):
            path = self.folder / f"{name}.{self.sim.seed}.db"
            await self.sim.node(name, offers=[REPLICA], reactors=[partial(Replica, path)])
        for name in ("c0", "c1"):
            self.clients.append(await self.sim.node(name, reactors=[Cache]))
        await self.all_there(3)

    async def all_there(self, replicas: int) -> None:
        def there() -> bool:
            return all(len(each.bus.routes.offering(REPLICA, "replica")) == replicas for each in self.clients)

        await self.sim.until(there, within=600)


@pytest.mark.seeds(2)
async def test_a_read_sees_the_last_write_whichever_replica_is_down(sim: Simulation, tmp_path: Path) -> None:
    cluster = Cluster(sim, tmp_path)
    await cluster.start()
    writer, reader = cluster.clients
    for number in range(3):
        down = f"r{sim.rng.randrange(3)}"
        sim.crash(down)
        await cluster.all_there(2)
        await writer.ask(LOCAL / Cache, Put("k", str(number)))
        await sim.restart(down)
        await cluster.all_there(3)
        other = f"r{sim.rng.randrange(3)}"  # another one is away when it is read, so the one that missed it is asked
        sim.crash(other)
        await cluster.all_there(2)
        assert await reader.ask(LOCAL / Cache, Get("k")) == str(number)
        assert await writer.ask(LOCAL / Cache, Get("k")) == str(number)
        await sim.restart(other)
        await cluster.all_there(3)


async def test_a_stale_replica_is_repaired_by_a_read_and_one_of_three_is_no_majority(
    sim: Simulation, network: FaultyNetwork, tmp_path: Path
) -> None:
    cluster = Cluster(sim, tmp_path)
    await cluster.start()
    writer, reader = cluster.clients
    await writer.ask(LOCAL / Cache, Put("k", "old"))
    await sim.run_for(1)
    stale = sim.nodes["r0"].node_id
    sim.crash("r0")
    await cluster.all_there(2)
    await writer.ask(LOCAL / Cache, Put("k", "new"))
    await sim.restart("r0")
    await cluster.all_there(3)
    sim.crash("r1")
    await cluster.all_there(2)
    held = await reader.ask(Peer(stale) / Replica, Read("k"))
    assert held is not None
    assert held.value == "old"
    with reader.subscribe(Repaired) as repairs:
        assert await reader.ask(LOCAL / Cache, Get("k")) == "new"
        assert (await repairs.get()).replicas == (stale,)
    held = await reader.ask(Peer(stale) / Replica, Read("k"))
    assert held is not None
    assert held.value == "new"
    network.partition({"r0", "c0"}, {"r2", "c1"})
    await cluster.all_there(1)
    for client in cluster.clients:  # neither side answers, rather than each with something else
        with pytest.raises(RemoteError, match="no_majority"):
            await client.ask(LOCAL / Cache, Get("k"))


def test_what_two_processes_have_outlives_the_one_that_is_killed(tmp_path: Path) -> None:
    there = ["--here", "--network", f"cache-{os.getpid()}"]
    with ExitStack() as running:

        def start(*words: str) -> subprocess.Popen[str]:
            command = [sys.executable, "-W", "error", "-m", "cache", *words, *there]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HOME)
            running.enter_context(process)
            running.callback(process.kill)
            return process

        def says(client: subprocess.Popen[str], line: str) -> str:
            assert client.stdin is not None
            assert client.stdout is not None
            client.stdin.write(f"{line}\n")
            client.stdin.flush()
            return client.stdout.readline().strip()

        def says_at_last(client: subprocess.Popen[str], line: str) -> str:
            """What it says once it has found a majority: it may know two of the three, and one of them is killed."""
            while (answer := says(client, line)).startswith("no_majority"):
                pass
            return answer

        replicas = [start("replica", name, "--file", str(tmp_path / f"{name}.db")) for name in ("ada", "bob", "eve")]
        client = start("client")
        assert client.stdout is not None
        client.stdout.readline()
        assert says_at_last(client, "put colour dark blue") == "version 1"
        replicas[0].kill()
        assert says_at_last(client, "get colour") == "dark blue"
        assert says(client, "delete colour") == "version 2"
        assert says(client, "get colour") == "there is none"
        assert says(client, "got colour") == "put KEY VALUE, get KEY or delete KEY"
        assert client.stdin is not None
        client.stdin.close()
        assert client.wait(timeout=20) == 0
