"""What a node would run in processes of its own runs inside of a simulation: the same program, on virtual time."""

from __future__ import annotations

import functools

import pytest
from crunching import Add, Apart, Count, Counter, Pid, Relay, Second, Threaded, Total

from peerbus.actors import LOCAL, ConfigError, Pool, Role
from peerbus.node import Worker
from peerbus.testing import EscapedSimulation, Simulation


def test_workers_pools_and_what_says_so_itself_run_inside() -> None:
    sim = Simulation(seed=3)

    async def scenario() -> None:
        node = await sim.node(
            "alice",
            reactors=[Apart, Pool(Second, processes=2)],
            processes={
                "crunch": [functools.partial(Counter, start=40)],
                "far": Worker("crunching:Third", listen="unix:///x"),
            },
            offers=["count"],
        )
        peer = await sim.node("bob", channels=[Counter.channel, Second.channel])
        assert await node.ask(LOCAL / Counter, Add(2)) == 42
        pids = [await node.ask(LOCAL / each, Pid()) for each in ("apart", "third", "second", "counter")]
        assert len(set(pids)) == 1
        assert await peer.ask(Role("count") / Counter, Relay("bus://local/second"), wait_for_peer=True)
        assert len([item async for item in peer.stream(Role("count") / Counter, Count(5))]) == 5
        assert [(each.name, each.state) for each in node.workers()] == [
            ("crunch", "running"),
            ("far", "running"),
            ("apart", "running"),
        ]
        assert {each.at for each in node.workers()} == {"the simulation"}
        # It comes back with all of it.
        again = await sim.restart("alice")
        assert await again.ask(LOCAL / Counter, Total()) == 40

    sim.run(scenario())


def test_what_no_worker_could_make_is_refused_there_too() -> None:
    class Local(Counter):
        channel = Counter.channel

    async def scenario(sim: Simulation) -> None:
        await sim.node("alice", processes={"crunch": [Local]})

    sim = Simulation()
    with pytest.raises(ConfigError, match="made inside of a function"):
        sim.run(scenario(sim))

    async def threaded(sim: Simulation) -> None:
        await sim.node("alice", processes={"crunch": [Threaded]})

    sim = Simulation()
    with pytest.raises(EscapedSimulation):
        sim.run(threaded(sim))
