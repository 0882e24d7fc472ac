"""The simulation: what it promises of time, order, escape, ends, and of nodes that misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time

import pytest
from simulated_pair import Note, Notes, two

from peerbus.actors import Peer
from peerbus.testing import Deadlocked, EscapedSimulation, LeftBehind, NotReached, Simulation, SimulationFailed

PROGRAM = """
import asyncio, sys
from random import Random
from peerbus.node import Node
from peerbus.testing import Simulation, Uniform

sim = Simulation(seed=int(sys.argv[1]))

async def scenario():
    sim.network.shape(latency=Uniform(0.001, 0.05), jitter=0.01)
    nodes = [await sim.node(name, offers={f"role-{name}", "all"}) for name in ("alice", "bob", "carol")]
    await sim.until(lambda: all(len(node.peers) == 2 for node in nodes), within=20)
    sim.network.partition({"alice"}, {"bob", "carol"})
    await sim.run_for(20)
    sim.network.heal()
    sim.crash("bob")
    await sim.run_for(5)
    await sim.restart("bob", keep_key=False)
    sim.network.break_streams("carol")
    await sim.run_for(10)

sim.run(scenario())
print(sim.trace.digest(), sim.trace.count, sim.loop.events)
"""


@pytest.mark.timeout(300)  # four processes, on a machine that may be busy
def test_the_same_seed_gives_the_same_trace_in_processes_with_other_hash_seeds() -> None:
    def digest(seed: int, hash_seed: str) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", PROGRAM, str(seed)],
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )
        return done.stdout

    first = digest(7, "1")
    assert len(first.split()[0]) == 64
    assert digest(7, "2") == first
    assert digest(8, "1") != first


def test_time_is_virtual_and_what_the_scenario_returns_comes_back() -> None:
    sim = Simulation()

    async def scenario() -> float:
        await sim.run_for(365 * 86_400)
        return sim.time

    before = time.monotonic()
    assert sim.run(scenario()) == 365 * 86_400
    assert time.monotonic() - before < 30
    with pytest.raises(RuntimeError, match="runs once"):
        sim.run(scenario())


def test_a_deadlock_names_the_line_of_the_scenario_that_waits() -> None:
    sim = Simulation()

    async def scenario() -> None:
        await sim.node("alice")
        await sim.nodes["alice"].aclose()
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.Event().wait(), name="bare")
            await asyncio.Event().wait()

    with pytest.raises(
        Deadlocked, match=r"bare in Event\.wait \(locks.*scenario in .*scenario \(test_simulation\.py:\d+\)"
    ):
        sim.run(scenario())


def test_another_loop_is_refused_since_it_has_a_clock() -> None:
    sim = Simulation()

    async def elsewhere() -> None:
        refused = r"sim\.{}\(\) was called .* fixture .*@given .*Simulation\(seed\)"
        for name, waited in (
            ("node", lambda: sim.node("alice")),
            ("run_for", lambda: sim.run_for(1)),
            ("until", lambda: sim.until(lambda: True, within=1)),
            ("quiet", sim.quiet),
            ("restart", lambda: sim.restart("alice")),
        ):
            with pytest.raises(RuntimeError, match=refused.format(name)):
                await waited()
        for name, call in (("crash", sim.crash), ("pause", sim.pause), ("resume", sim.resume)):
            with pytest.raises(RuntimeError, match=refused.format(name)):
                call("alice")
        with pytest.raises(RuntimeError, match=refused.format("run")):
            sim.run(sim.run_for(1))

    asyncio.run(elsewhere())
    assert sim.run(asyncio.sleep(1, "it still runs")) == "it still runs"


async def test_a_condition_is_waited_for_and_named_where_it_does_not_come(sim: Simulation) -> None:
    seen: list[int] = []
    sim.loop.call_later(3, seen.append, 1)
    await sim.until(lambda: seen, within=10)
    assert sim.time == 3
    with pytest.raises(NotReached, match=r"not true within 5 s, at 8\.000000 s: .*line \d+ of test_simulation\.py"):
        await sim.until(lambda: len(seen) > 1, within=5)
    with pytest.raises(ZeroDivisionError):
        await sim.until(lambda: bool(1 / (1 - len(seen))), within=5)


async def test_quiet_is_when_nothing_is_under_way(sim: Simulation) -> None:
    alice, bob = await two(sim)
    sim.network.shape(latency=0.5)
    told = alice.tell(Peer(bob.node_id) / "notes", Note(1))
    await sim.quiet()
    await told
    asked = asyncio.ensure_future(alice.ask(Peer(bob.node_id) / "notes", Note(2)))
    await sim.quiet()
    assert asked.done()
    asked = asyncio.ensure_future(alice.ask(Peer(bob.node_id) / "notes", Note(3)))
    await sim.run_for(0.1)
    with pytest.raises(NotReached, match=r"never quiet within 0\.1 s"):
        await sim.quiet(within=0.1)
    await asked


def test_a_way_out_fails_the_run_though_the_caller_swallowed_it() -> None:
    sim = Simulation(seed=5)

    async def scenario() -> None:
        with contextlib.suppress(EscapedSimulation):
            time.time()
        await sim.run_for(1)

    with pytest.raises(EscapedSimulation, match=r"time\.time.*test_simulation") as failed:
        sim.run(scenario())
    assert "simulation: seed 5" in "\n".join(failed.value.__notes__)


def test_without_guards_the_world_is_there() -> None:
    sim = Simulation(guard=False)

    async def scenario() -> float:
        return time.time()

    assert sim.run(scenario()) > 0


def test_who_waits_for_ever_is_named() -> None:
    sim = Simulation()

    async def wait_for_nobody() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Deadlocked, match=r"scenario in .*wait_for_nobody"):
        sim.run(wait_for_nobody())


def test_what_outlives_the_scenario_fails_it() -> None:
    kept: list[object] = []

    async def task() -> None:
        kept.append(asyncio.create_task(asyncio.sleep(1000), name="forgotten"))

    async def timer() -> None:
        asyncio.get_running_loop().call_later(1000, print)

    with pytest.raises(LeftBehind, match="forgotten"):
        Simulation().run(task())
    with pytest.raises(LeftBehind, match="timer at 1000"):
        Simulation().run(timer())


def test_an_exception_that_nobody_took_fails_the_run() -> None:
    sim = Simulation()

    async def scenario() -> None:
        def explode() -> None:
            raise KeyError("lost")

        asyncio.get_running_loop().call_soon(explode)
        await sim.run_for(1)

    with pytest.raises(SimulationFailed, match="lost") as failed:
        sim.run(scenario())
    assert isinstance(failed.value.__cause__, KeyError)


def test_a_failure_carries_the_last_events_of_each_node_and_the_digest() -> None:
    sim = Simulation(seed=3)

    async def scenario() -> None:
        await two(sim)
        sim.note("alice", "was here")
        raise AssertionError("on purpose")

    with pytest.raises(AssertionError, match="on purpose") as failed:
        sim.run(scenario())
    (note,) = failed.value.__notes__
    assert "simulation: seed 3" in note
    assert f"digest {sim.trace.digest()}" in note
    assert "link up: alice" in note
    assert "ended: stopped" not in note


async def test_named_chance_is_drawn_without_shifting_the_rest(sim: Simulation) -> None:
    one = sim.rng_for("mine").random()
    sim.rng.random()
    assert sim.rng_for("mine").random() == one != sim.rng_for("yours").random()


def test_a_thread_of_its_own_is_refused() -> None:
    class Slow(Notes):
        dispatcher = "thread"

    sim = Simulation()

    async def scenario() -> None:
        await sim.node("alice", reactors=[Slow])

    with pytest.raises(EscapedSimulation):
        sim.run(scenario())
