"""The map of a cluster as its nodes see it: simulated from a seed, one archive crashed, drawn from what they say."""

from __future__ import annotations

import math

from peerbus.testing import Simulation

from .shapes import words
from .svg import picture

__all__ = ["cluster_picture"]

#: Each node and the role that it offers; the last one crashes.
_NODES = {
    "web-1": "web",
    "web-2": "web",
    "archive-1": "archive",
    "index": "index",
    "archive-2": "archive",
    "miner": "miner",
    "archive-3": "archive",
}
_CRASHED = "archive-3"
_WIDE, _HIGH, _RADIUS = 640, 400, 140


def cluster_picture(seed: int = 7) -> str:
    """As SVG."""
    before, after, names = _run(seed)
    at = {
        name: (
            _WIDE / 2 + 1.6 * _RADIUS * math.cos(2 * math.pi * number / len(_NODES) - math.pi / 2),
            _HIGH / 2 - 10 + _RADIUS * math.sin(2 * math.pi * number / len(_NODES) - math.pi / 2),
        )
        for number, name in enumerate(_NODES)
    }
    parts = []
    for one, other in sorted(before):
        (x, y), (to_x, to_y) = at[one], at[other]
        kind = "bare" if (one, other) in after else "bare cut"
        parts.append(f'<path class="{kind}" d="M{x:.0f} {y:.0f}L{to_x:.0f} {to_y:.0f}"/>')
    for name, (x, y) in at.items():
        kind = "bad" if name == _CRASHED else "good"
        parts.append(f'<rect class="box" x="{x - 52:.0f}" y="{y - 24:.0f}" width="104" height="48" rx="10"/>')
        parts.append(f'<circle class="{kind}" cx="{x - 40:.0f}" cy="{y - 6:.0f}" r="4"/>')
        parts.append(words(round(x) + 4, round(y) - 1, name, "strong"))
        parts.append(
            words(round(x), round(y) + 16, "has crashed" if name == _CRASHED else f"offers {_NODES[name]}", "small")
        )
    noticed = f"{len(names)} nodes noticed by themselves; an ask of the role archive goes to those that are left"
    parts.append(words(_WIDE / 2, _HIGH - 12, noticed, "small"))
    return picture(
        "".join(parts),
        _WIDE,
        _HIGH,
        "A cluster of seven nodes and their connections; one of three archives has crashed",
    )


def _run(seed: int) -> tuple[set[tuple[str, str]], set[tuple[str, str]], list[str]]:
    """The connections before and after the crash, and who noticed it."""
    sim = Simulation(seed)

    async def scenario() -> tuple[set[tuple[str, str]], set[tuple[str, str]], list[str]]:
        for name, role in _NODES.items():
            await sim.node(name, offers={role})
        await sim.run_for(20.0)
        before = _links(sim)
        lost = sim.nodes[_CRASHED].node_id
        sim.crash(_CRASHED)
        others = [name for name in _NODES if name != _CRASHED]
        noticed = [name for name in others if any(_CRASHED in pair and name in pair for pair in before)]
        await sim.until(lambda: all(lost not in _connected(sim, name) for name in noticed), within=120.0)
        return before, _links(sim), noticed

    return sim.run(scenario())


def _connected(sim: Simulation, name: str) -> set[str]:
    return set(sim.nodes[name].peers)


def _links(sim: Simulation) -> set[tuple[str, str]]:
    names = {node.node_id: name for name, node in sim.nodes.items()}
    found = set()
    for name in sim.nodes:
        for peer in _connected(sim, name):
            if peer in names:
                one, other = sorted((name, names[peer]))
                found.add((one, other))
    return found
