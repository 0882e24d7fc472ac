"""Large simulated networks that find each other by peer exchange alone: what happens to them, and what is measured."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from peerbus.discovery.peer.options import PeerOptions
from peerbus.discovery.pex.options import PexOptions
from peerbus.node import Node
from peerbus.testing import Simulation
from peerbus.transports import Endpoint
from peerbus.transports.streams.memory import MemoryTransport
from peerbus.transports.streams.memory_stream import MemoryStream

__all__ = ["ARCHIVES", "DialCounter", "Unmet", "archives_of", "draw_dials", "grow", "join", "rejoin"]

#: One node in this many offers `archive`.
ARCHIVES = 5


class DialCounter:
    """Counts the dials of each node in each minute, from before the first node starts."""

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self._counts: dict[str, Counter[int]] = {}
        transport = sim.network.transport

        def counted(node_id: str) -> MemoryTransport:
            made = transport(node_id)
            dial = made.dial

            async def counting(endpoint: Endpoint, *, expect: str | None, timeout: float) -> MemoryStream:
                self._counts.setdefault(node_id, Counter())[int(sim.time // 60)] += 1
                return await dial(endpoint, expect=expect, timeout=timeout)

            made.dial = counting  # type: ignore[method-assign]  # a tap, for the time of a test
            return made

        sim.network.transport = counted  # type: ignore[method-assign]  # likewise

    def minutes(self) -> list[list[int]]:
        """For each minute what each node dialed, in ascending order; nodes that dialed nobody count as 0."""
        last = max((minute for counts in self._counts.values() for minute in counts), default=0)
        return [sorted(counts[minute] for counts in self._counts.values()) for minute in range(last + 1)]

    def most(self, first: float, last: float) -> int:
        """The most that any node dialed in any minute between these two instants."""
        between = self.minutes()[int(first // 60) : int(last // 60) + 1]
        return max((counts[-1] for counts in between if counts), default=0)


class Unmet:
    """Since when each node lacks what it needs; asked once a second by `watch`."""

    def __init__(self, sim: Simulation, lacks: Callable[[Node], bool]) -> None:
        self._sim = sim
        self._lacks = lacks
        self._since: dict[Node, float] = {}
        #: The longest time for which a node lacked something, in seconds.
        self.longest = 0.0
        #: When that began.
        self.began = 0.0

    def look(self) -> int:
        """How many nodes lack something now."""
        lacking = {node for name, node in self._sim.nodes.items() if name != "seed" and self._lacks(node)}
        for node in lacking:
            since = self._since.setdefault(node, self._sim.time)
            if self._sim.time - since > self.longest:
                self.longest, self.began = self._sim.time - since, since
        for node in self._since.keys() - lacking:
            del self._since[node]
        return len(lacking)

    async def watch(self, seconds: float) -> None:
        """Look once a second for so long."""
        for _ in range(math.ceil(seconds)):
            await self._sim.run_for(1.0)
            self.look()


async def grow(
    sim: Simulation,
    count: int,
    options: PeerOptions,
    *,
    heartbeat: float = 2.0,
    seed: PexOptions | None = None,
) -> None:
    """One seed, and `count` nodes that know its address and nothing else, within ten seconds."""
    # It visits a few at a time to know who is there; the rest of its slots are for visitors.
    roomy = PeerOptions(max_connected=64, max_outgoing=4, max_known=max(260, 2 * count))
    await sim.node("seed", discover=False, pex=seed or PexOptions(seed=True), options=roomy, heartbeat=heartbeat)
    for number in range(count):
        await join(sim, number, options, heartbeat=heartbeat)
        await sim.run_for(10.0 / count)


async def join(sim: Simulation, number: int, options: PeerOptions, *, heartbeat: float = 2.0) -> Node:
    """One node more."""
    node = await sim.node(
        f"node{number}",
        discover=False,
        pex=True,
        offers={"archive"} if number % ARCHIVES == 0 else (),
        options=options,
        heartbeat=heartbeat,
    )
    await node.add_seed("memory://seed")
    return node


async def rejoin(sim: Simulation, name: str) -> Node:
    """One that crashed, again."""
    node = await sim.restart(name)
    await node.add_seed("memory://seed")
    return node


def archives_of(node: Node, alive: set[str]) -> int:
    """How many living archives it can send to; its own offer counts for nothing."""
    return sum(link.peer_id in alive for link in node.bus.routes.roles.get("archive", ()))


def draw_dials(minutes: list[list[int]], title: str, marks: dict[float, str], path: Path) -> None:
    """Draw the dials of each node and minute beside `path`, as SVG and PNG; `marks` are minutes and what happened then.

    In a process of its own: matplotlib keeps its fonts open. Raises CalledProcessError without matplotlib.
    """
    given = json.dumps({"minutes": minutes, "title": title, "marks": list(marks.items()), "path": str(path)})
    subprocess.run((sys.executable, "-P", __file__), input=given, text=True, check=True)


def _draw(minutes: list[list[int]], title: str, marks: list[tuple[float, str]], path: Path) -> None:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # Letters are drawn, so that no font of a viewer pushes them into each other; drawn again, it is the same file.
    mpl.rcParams.update({"svg.fonttype": "path", "svg.hashsalt": "peerbus", "font.size": 9, "axes.titlesize": 10})
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for part, name, colour in ((1.0, "most", "#b91c1c"), (0.9, "9 of 10 nodes", "#c2410c"), (0.5, "median", "#475569")):
        values = [counts[min(len(counts) - 1, int(part * len(counts)))] if counts else 0 for counts in minutes]
        axes.step(range(len(values) + 1), [*values, values[-1]], where="post", label=name, color=colour)
    for minute, name in marks:
        axes.axvline(minute, color="#94a3b8", linewidth=0.8, linestyle=":")
        axes.annotate(f" {name}", (minute, 1.0), xycoords=("data", "axes fraction"), va="top", fontsize=8)
    axes.set(xlabel="minute (virtual time)", ylabel="dials of one node a minute", title=title, ylim=(0, None))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="center right", frameon=False)
    figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
    figure.savefig(path.with_suffix(".png"), dpi=110)


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    try:
        _draw(asked["minutes"], asked["title"], asked["marks"], Path(asked["path"]))
    except ImportError as error:
        sys.exit(f"the picture needs matplotlib: pip install 'peerbus[plot]' ({error})")
