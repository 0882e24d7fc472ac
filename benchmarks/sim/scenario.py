"""The scenario: nodes come one after the other, find each other, connect within a bound, then nothing happens."""

# Of the roles that a node does not offer itself, it *knows* one when its peer manager knows a node that claims it; it
# *reaches* one when a peer that it is connected to offers it. Both are looked at every `LOOK_EVERY` virtual seconds,
# and the first time counts, so a time is at most that much too long. Virtual figures follow from the plan alone; real
# seconds and memory are this machine's.

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from time import perf_counter, process_time

from peerbus.discovery import PeerOptions
from peerbus.node import Node
from peerbus.testing import LogNormal, Simulation

__all__ = ["Plan", "Point", "Result", "measure"]

#: Virtual seconds between two looks at who knows what.
LOOK_EVERY = 0.1
#: Virtual seconds between two points of the curves, while there is something to see.
POINT_EVERY = 0.5
#: Virtual seconds after the last start in which dials settle: first failures are retried within it.
SETTLE = 30.0
#: Virtual seconds that are measured when nothing happens any more but heartbeats.
QUIET = 60.0
#: Virtual seconds over which the starts are spread.
START_OVER = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to simulate. `degree`: connections of a node at most, half of them dialed by itself. Latency in seconds."""

    nodes: int = 1000
    roles: int = 10
    degree: int = 24
    seed: int = 0
    latency: float = 0.020
    sigma: float = 0.5


@dataclass(frozen=True, slots=True)
class Point:
    """One moment of virtual time: nodes that run, that know every role, that reach every role; mean connections."""

    time: float
    started: int
    know: int
    reach: int
    degree: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Figures of one run. Times named `_at` are virtual seconds from the beginning; None: not within the run.

    `known_at`, `reached_at`: every node knew, or reached, every role. `reach`: the part of the nodes that reached every
    role. `degree`: mean connections at the end. `pairs` of nodes that dialed each other at least once. `events`:
    callbacks of the loop until the network had settled, in `cpu` seconds; `quiet_events` in the quiet minute after, in
    `quiet_cpu` seconds. `wall`: seconds for all of it. `bytes`: what a node takes of the process's memory at the end.
    """

    nodes: int
    known_at: float | None
    last_start: float
    reached_at: float | None
    reach: float
    degree: float
    pairs: int
    events: int
    quiet_events: int
    digest: str
    cpu: float
    wall: float
    quiet_cpu: float
    bytes: float
    points: list[Point] = field(default_factory=list)


@dataclass(slots=True)
class _Watched:
    node: Node
    started: float
    #: Roles that it does not offer itself.
    wanted: frozenset[str]
    known: float | None = None
    reached: float | None = None


def measure(plan: Plan, say: Callable[[str], None], done: Callable[[Result], None]) -> Result:
    """Run the scenario. `done` has the result before all nodes stop, which takes as long again as they took to start.

    Raises ValueError for a plan that cannot be.
    """
    if plan.nodes < 2 or not 1 <= plan.roles <= plan.nodes or plan.degree < 2:
        raise ValueError(f"a plan has 2 nodes or more, no more roles than nodes, a degree of 2 or more: {plan}")
    # Its trace would hash each frame and the guards stand beside each clock: here the cost of nodes is the question.
    sim = Simulation(plan.seed, trace=False, guard=False)
    sim.network.shape(latency=LogNormal(plan.latency, plan.sigma))
    return sim.run(_scenario(sim, plan, say, done))


async def _scenario(sim: Simulation, plan: Plan, say: Callable[[str], None], done: Callable[[Result], None]) -> Result:
    empty, cpu, wall = _resident(), process_time(), perf_counter()
    roles = [f"role{number}" for number in range(plan.roles)]
    options = PeerOptions(
        max_connected=plan.degree,
        max_connected_upgrade=0,
        max_outgoing=plan.degree // 2,
        max_known=4 + 4 * plan.degree,
    )
    watched: list[_Watched] = []
    points: list[Point] = []

    async def start(number: int) -> None:
        await asyncio.sleep(sim.rng_for(f"start/{number}").uniform(0.0, START_OVER))
        own = roles[number % plan.roles]
        node = await sim.node(f"n{number}", offers={own}, options=options)
        watched.append(_Watched(node, sim.time, frozenset(roles) - {own}))

    starts = [asyncio.ensure_future(start(number)) for number in range(plan.nodes)]
    while sim.time < START_OVER + SETTLE:
        await sim.run_for(LOOK_EVERY)
        _look(watched, sim.time)
        if not points or sim.time >= points[-1].time + POINT_EVERY - LOOK_EVERY / 2:
            points.append(_point(watched, sim.time))
            if sim.time % 5.0 < POINT_EVERY:
                say(_progress(points[-1], sim, process_time() - cpu))
    await asyncio.gather(*starts)
    events, cpu, before = sim.loop.events, process_time() - cpu, process_time()
    await sim.run_for(QUIET)
    _look(watched, sim.time)
    quiet_events, quiet_cpu = sim.loop.events - events, process_time() - before
    points.append(_point(watched, sim.time))
    say(_progress(points[-1], sim, cpu + quiet_cpu))
    last = points[-1]
    known = [w.known for w in watched if w.known is not None]
    reached = [w.reached for w in watched if w.reached is not None]
    result = Result(
        nodes=plan.nodes,
        known_at=max(known) if len(known) == plan.nodes else None,
        last_start=max(one.started for one in watched),
        reached_at=max(reached) if len(reached) == plan.nodes else None,
        reach=last.reach / plan.nodes,
        degree=last.degree,
        pairs=len({frozenset((link.source, link.target)) for link in sim.network.links}),
        events=events,
        quiet_events=quiet_events,
        digest=_digest(watched, sim),
        cpu=cpu,
        wall=perf_counter() - wall,
        quiet_cpu=quiet_cpu,
        bytes=(_resident() - empty) / plan.nodes,
        points=points,
    )
    done(result)
    return result


def _look(watched: list[_Watched], now: float) -> None:
    for one in watched:
        if one.known is None and one.wanted <= _known(one.node):
            one.known = now
        if one.reached is None and one.wanted <= one.node.bus.routes.roles.keys():
            one.reached = now


def _known(node: Node) -> set[str]:
    return {role for peer in node.snapshot().peers.peers for role in peer.roles}


def _point(watched: list[_Watched], now: float) -> Point:
    connections = sum(len(one.node.bus.routes.peers) for one in watched)
    return Point(
        round(now, 3),
        len(watched),
        sum(one.known is not None for one in watched),
        sum(one.reached is not None for one in watched),
        connections / max(len(watched), 1),
    )


def _progress(point: Point, sim: Simulation, cpu: float) -> str:
    return (
        f"{point.time:6.1f} s virtual: {point.started} nodes, {point.know} know every role, {point.reach} reach every "
        f"role, {point.degree:.1f} connections each; {sim.loop.events} events in {cpu:.0f} s"
    )


def _digest(watched: list[_Watched], sim: Simulation) -> str:
    """Of everything virtual: who is connected to whom, who knew when, and how many events that took."""

    def lines() -> Iterator[str]:
        yield f"{sim.loop.events} {sim.time!r}"
        for one in watched:
            yield f"{one.node.name} {one.started!r} {one.known!r} {one.reached!r} {' '.join(sorted(one.node.peers))}"

    return sha256("\n".join(lines()).encode()).hexdigest()


def _resident() -> int:
    """Bytes of this process in memory; 0 where the system does not tell."""
    gc.collect()
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS")), 0)
