"""Nodes that find each other without a socket: what multicast DNS would tell them, by a simulation's clock.

As mDNS does it (RFC 6762): a node announces itself when it starts and when its record changes, others hear of it
20 to 120 ms later, everyone looks around again at growing intervals, and a goodbye is heard by all that can be reached.
A node that vanishes says none: others go on believing in it. What is sent into a cut is lost.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from contextvars import Context

from ...discovery.facts import Candidate
from ...transports.streams import Endpoint

__all__ = ["Neighbour", "Neighbourhood", "NoFinder"]

#: Seconds until an announcement is heard: RFC 6762 §6 delays shared answers by 20 to 120 ms.
HEARD_AFTER = (0.020, 0.120)
#: Seconds between two looks around: they double (RFC 6762 §5.2) from the first to the second.
FIRST_LOOK, LONGEST_LOOK = 1.0, 60.0


class Neighbourhood:
    """The finders of one simulated segment. `reachable(source, target)` says which hears which now."""

    def __init__(self, rng: random.Random, reachable: Callable[[str, str], bool]) -> None:
        self.rng = rng
        self.reachable = reachable
        #: Nobody's context: a node that is paused does not stop the air.
        self.context = Context()
        self._neighbours: dict[str, Neighbour] = {}

    def finder(
        self,
        node_id: str,
        network: str,
        *,
        endpoints: Sequence[Endpoint],
        roles: Iterable[str],
        on_found: Callable[[Candidate], None],
        on_lost: Callable[[str], None],
    ) -> Neighbour:
        """The finder of a node: a `MakeFinder`."""
        return Neighbour(self, node_id, network, endpoints, roles, on_found, on_lost)

    def others(self, neighbour: Neighbour) -> list[Neighbour]:
        """Those on the same network, in the order of their coming."""
        return [
            other
            for other in self._neighbours.values()
            if other.network == neighbour.network and other is not neighbour
        ]

    def enter(self, neighbour: Neighbour) -> None:
        """Be there; one that had the same id before is not any more."""
        self.vanish(neighbour.node_id)
        self._neighbours[neighbour.node_id] = neighbour

    def leave(self, neighbour: Neighbour) -> None:
        """Be there no more."""
        if self._neighbours.get(neighbour.node_id) is neighbour:
            del self._neighbours[neighbour.node_id]

    def vanish(self, node_id: str) -> None:
        """Let a node be there no more, without a word."""
        gone = self._neighbours.pop(node_id, None)
        if gone is not None:
            gone.fall_silent()


class Neighbour:
    """The `Finder` of one node. No tasks; a timer for its next look, and one for each word on its way."""

    def __init__(
        self,
        place: Neighbourhood,
        node_id: str,
        network: str,
        endpoints: Sequence[Endpoint],
        roles: Iterable[str],
        on_found: Callable[[Candidate], None],
        on_lost: Callable[[str], None],
    ) -> None:
        self.node_id = node_id
        self.network = network
        self._place = place
        self._record = Candidate(node_id, tuple(endpoints), tuple(roles))
        self._on_found = on_found
        self._on_lost = on_lost
        self._known: dict[str | None, Candidate] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._next = 0
        self._running = False
        self._interval = FIRST_LOOK

    async def start(self) -> bool:
        """As `Finder.start`."""
        self._running = True
        self._place.enter(self)
        self._announce()
        self._look()
        return True

    async def update(self, roles: Iterable[str]) -> None:
        """As `Finder.update`."""
        self._record = Candidate(self.node_id, self._record.endpoints, tuple(roles))
        if self._running:
            self._announce()

    async def aclose(self) -> None:
        """As `Finder.aclose`."""
        if self._running:
            for other in self._reached():
                other.later(other.lose, self.node_id)
            self._place.leave(self)
            self.fall_silent()

    def fall_silent(self) -> None:
        """Say and hear nothing any more."""
        self._running = False
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def later(self, action: Callable[..., None], *args: object) -> None:
        """What somebody says reaches this one after a while."""
        self._call_later(self._place.rng.uniform(*HEARD_AFTER), action, *args)

    def learn(self, record: Candidate) -> None:
        """Hear a record; it is passed on if it says something new."""
        if self._known.get(record.node_id) != record:
            self._known[record.node_id] = record
            self._on_found(record)

    def lose(self, node_id: str) -> None:
        """Hear a goodbye."""
        if self._known.pop(node_id, None) is not None:
            self._on_lost(node_id)

    def _reached(self) -> list[Neighbour]:
        reachable = self._place.reachable
        return [other for other in self._place.others(self) if reachable(self.node_id, other.node_id)]

    def _announce(self) -> None:
        for other in self._reached():
            other.later(other.learn, self._record)

    def _look(self) -> None:
        """Ask which nodes are there; those that hear it answer."""
        reachable = self._place.reachable
        for other in self._reached():
            if self._known.get(other.node_id) != other._record and reachable(other.node_id, self.node_id):
                self.later(self.learn, other._record)
        self._call_later(self._interval, self._look)
        self._interval = min(self._interval * 2, LONGEST_LOOK)

    def _call_later(self, delay: float, action: Callable[..., None], *args: object) -> None:
        self._next += 1
        number = self._next

        def act() -> None:
            self._timers.pop(number, None)
            if self._running:
                action(*args)

        self._timers[number] = asyncio.get_running_loop().call_later(delay, act, context=self._place.context)


class NoFinder:
    """A `Finder` that finds nobody."""

    async def start(self) -> bool:
        """As `Finder.start`."""
        return True

    async def update(self, roles: Iterable[str]) -> None:
        """As `Finder.update`: it tells nobody."""

    async def aclose(self) -> None:
        """As `Finder.aclose`."""
