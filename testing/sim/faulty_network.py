"""A network in memory that one can slow down, cut, split and break: in a simulation, or in real time.

Nodes are named by their node id, by a name that `call` gave it, or by anything that has a `node_id`. Everything
takes effect at once, for parcels that are sent from then on; a cut holds back what is on its way too.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator
from contextvars import Context
from typing import Protocol, TypeAlias, TypedDict, Unpack
from weakref import WeakSet

from ...actors.base import did_you_mean, spelled
from ...transports.streams import MemoryNetwork, MemoryStream, Parcel, Wire
from .conditions import Conditions, LogNormal, Uniform
from .faulty_link import FaultyLink

__all__ = ["ConditionChanges", "FaultyNetwork", "HasNodeId", "Who"]


class HasNodeId(Protocol):
    """A node, an identity, …"""

    @property
    def node_id(self) -> str:
        """64 hexadecimal digits."""


Who: TypeAlias = str | HasNodeId


class ConditionChanges(TypedDict, total=False):
    """Fields of `Conditions` that shall change."""

    latency: float | Uniform | LogNormal
    jitter: float
    bandwidth: float | None
    loss: float
    buffer: int


@spelled
class FaultyNetwork(MemoryNetwork):
    """See the module. `seed` decides what is drawn; `conditions` are those of every link that is not shaped itself.

    ```python
    network = FaultyNetwork(seed=7, latency=0.02)
    network.shape(bandwidth=125_000, loss=0.001)  # of every link
    network.heal()  # after network.silence("alice", "bob"), network.partition(["alice"], ["bob"])
    ```
    """

    def __init__(self, seed: int | str = 0, **conditions: Unpack[ConditionChanges]) -> None:
        super().__init__()
        self.conditions: Conditions = Conditions(**conditions)
        #: What arrives, arrives in nobody's context: not in that of the sender, which may be paused.
        self.context: Context = Context()
        #: Ends of streams that carry nothing any more, without anybody's knowledge.
        self.severed: WeakSet[MemoryStream] = WeakSet()
        #: Sees each parcel when it is sent; None: nobody looks.
        self.tap: Callable[[FaultyLink, Parcel], None] | None = None
        #: Hears of each fault: node id, text.
        self.on_fault: Callable[[str, str], None] | None = None
        self._seed = seed
        self._faulty: dict[tuple[str, str], FaultyLink] = {}
        self._ids: dict[str, str] = {}
        self._called: dict[str, str] = {}
        self._shaped: dict[tuple[str, str], Conditions] = {}
        self._cuts: set[tuple[str, str]] = set()
        self._dark: set[str] = set()

    # Names.

    def call(self, node_id: str, name: str) -> None:
        """Call a node by this name."""
        self._ids[name] = node_id
        self._called[node_id] = name

    def id_of(self, who: Who) -> str:
        """The node id. Raises ValueError for a name that nobody has."""
        if not isinstance(who, str):
            return who.node_id
        if who in self._ids:
            return self._ids[who]
        if who in self._called or len(who) == 64:
            return who
        known = sorted(self._ids)
        raise ValueError(f"no node is called {who!r}; there are {', '.join(known) or 'none'}{did_you_mean(who, known)}")

    def name_of(self, node_id: str) -> str:
        """What the node is called, or the beginning of its id."""
        return self._called.get(node_id, node_id[:8])

    # Links.

    def new_wire(self, source: str, target: str) -> Wire:
        """As `MemoryNetwork.new_wire`."""
        key = (source, target)
        # A generator of its own for each link: one more link shifts nothing on the others.
        rng = random.Random(f"{self._seed}/link/{source}/{target}")
        link = FaultyLink(self, source, target, self._shaped.get(key, self.conditions), rng)
        link.cut = key in self._cuts
        link.dark = source in self._dark or target in self._dark
        self._faulty[key] = link
        return link

    @property
    def links(self) -> list[FaultyLink]:
        """The links that were used so far, in the order of their first use."""
        return list(self._faulty.values())

    def faulty_link(self, source: Who, target: Who) -> FaultyLink:
        """The link from one node to another."""
        found = self.wire(self.id_of(source), self.id_of(target))
        assert isinstance(found, FaultyLink)
        return found

    @property
    def flying(self) -> int:
        """Parcels on their way that no cut holds back."""
        return sum(link.flying for link in self._faulty.values() if not link.cut)

    def streams(self, one: Who, other: Who | None = None) -> list[MemoryStream]:
        """The open streams between two nodes, or all of one: of each the end that sent first, the oldest first."""
        here, there = self.id_of(one), None if other is None else self.id_of(other)
        found: dict[MemoryStream, None] = {}
        for key, link in self._faulty.items():
            if here in key and (there is None or there in key):
                for stream in link.streams:
                    if stream not in self.severed and stream.other not in found and stream.open:
                        found[stream] = None
        return list(found)

    def reachable(self, source: Who, target: Who) -> bool:
        """What one node sends can arrive at the other now."""
        key = self.id_of(source), self.id_of(target)
        return key not in self._cuts and self._dark.isdisjoint(key)

    # Shaping.

    def shape(self, **changes: Unpack[ConditionChanges]) -> None:
        """Change the conditions of all links, those that were shaped themselves too."""
        self.conditions = self.conditions.changed(**changes)
        for key, conditions in self._shaped.items():
            self._shaped[key] = conditions.changed(**changes)
        for key, link in self._faulty.items():
            link.shape(self._shaped.get(key, self.conditions))
        self.note_fault(None, f"all links: {_text(changes)}")

    def shape_link(self, source: Who, target: Who, **changes: Unpack[ConditionChanges]) -> None:
        """Change the conditions of one direction."""
        key = self.id_of(source), self.id_of(target)
        self._shaped[key] = self._shaped.get(key, self.conditions).changed(**changes)
        if key in self._faulty:
            self._faulty[key].shape(self._shaped[key])
        self.note_fault(key[0], f"link to {self.name_of(key[1])}: {_text(changes)}")

    def slow_reader(self, reader: Who, sender: Who, bandwidth: float, *, buffer: int = 4096) -> None:
        """Let a node take in what another one sends at `bandwidth` bytes a second: the sender's buffers fill up."""
        self.shape_link(sender, reader, bandwidth=bandwidth, buffer=buffer)

    # Cutting. Nobody is told: it is silence until somebody loses patience.

    def cut(self, source: Who, target: Who) -> None:
        """Let nothing from one node arrive at the other, until `heal`; the other direction goes on."""
        key = self.id_of(source), self.id_of(target)
        if key not in self._cuts:
            self._cuts.add(key)
            if key in self._faulty:
                self._faulty[key].hold()
            self.note_fault(key[0], f"cut off towards {self.name_of(key[1])}")

    def silence(self, one: Who, other: Who) -> None:
        """Cut both directions."""
        self.cut(one, other)
        self.cut(other, one)

    def partition(self, *groups: Iterable[Who]) -> None:
        """Cut every way between nodes of different groups. A node in no group keeps its ways to all."""
        sides = [sorted(self.id_of(who) for who in group) for group in groups]
        for at, side in enumerate(sides):
            for one, other in _pairs(side, [who for later in sides[at + 1 :] for who in later]):
                self.silence(one, other)

    def heal(self, one: Who | None = None, other: Who | None = None) -> None:
        """End the cuts: all of them, those of one node, or those between two. What was held arrives."""
        nodes = {self.id_of(who) for who in (one, other) if who is not None}
        for key in sorted(self._cuts):
            if nodes <= set(key):
                self._cuts.discard(key)
                if key in self._faulty:
                    self._faulty[key].release()
                self.note_fault(key[0], f"healed towards {self.name_of(key[1])}")

    # Breaking.

    def break_streams(self, one: Who, other: Who | None = None) -> int:
        """Break the open streams between two nodes, or all of one; both ends hear of it. Returns how many."""
        streams = self.streams(one, other)
        loop = asyncio.get_running_loop()
        for stream in streams:
            loop.call_soon(stream.break_off, context=self.context)
        self.note_fault(self.id_of(one), f"{len(streams)} streams break")
        return len(streams)

    def half_open(self, one: Who, other: Who) -> int:
        """Break the open streams between two nodes for `one` only: `other` believes that they live. Returns how many.

        Nothing of them arrives any more, and `other` hears nothing until it loses patience.
        """
        here = self.id_of(one)
        streams = self.streams(one, other)
        for stream in streams:
            mine = stream if stream.local.peer_id == here else stream.other
            self._sever(stream)
            asyncio.get_running_loop().call_soon(mine.fail, "the connection was reset", context=self.context)
        self.note_fault(here, f"{len(streams)} streams to {self.name_of(self.id_of(other))} are half open")
        return len(streams)

    def vanish(self, who: Who, *, reset: bool) -> None:
        """Let a node vanish from the network without a goodbye: nothing of it arrives any more, nor at it.

        `reset`: its machine lives, so peers hear that their streams are broken and dials are refused; else they hear
        nothing at all. It may come `back`.
        """
        node_id = self.id_of(who)
        for stream in self.streams(node_id):
            theirs = stream.other if stream.local.peer_id == node_id else stream
            if reset:
                self._reset(node_id, theirs)
            self._sever(stream)
        for listener in [found for found in self._listeners.values() if found.node_id == node_id]:
            if reset:
                listener.shut()
        if not reset:
            self._dark.add(node_id)
            for key, link in self._faulty.items():
                if node_id in key:
                    link.vanish()
        self.note_fault(node_id, "vanishes" + (", its streams are reset" if reset else " in silence"))

    def back(self, who: Who) -> None:
        """Let a node that vanished be there again, with none of its streams and listeners."""
        node_id = self.id_of(who)
        for listener in [found for found in self._listeners.values() if found.node_id == node_id]:
            listener.shut()
        self._dark.discard(node_id)
        for key, link in self._faulty.items():
            if node_id in key and self._dark.isdisjoint(key):
                link.appear()

    # Inside.

    def note(self, link: FaultyLink, text: str) -> None:
        """Tell all that listen of a fault on a link."""
        if self.on_fault is not None:
            self.on_fault(link.source, f"link to {self.name_of(link.target)} {text}")

    def note_fault(self, node_id: str | None, text: str) -> None:
        """Tell all that listen of a fault of a node, or of the whole network."""
        if self.on_fault is not None:
            self.on_fault("network" if node_id is None else node_id, text)

    def _sever(self, stream: MemoryStream) -> None:
        self.severed.add(stream)
        self.severed.add(stream.other)

    def _reset(self, source: str, end: MemoryStream) -> None:
        # Behind what is on its way already, as the packet of the system that the process ran on.
        end.other.way.carry(Parcel(0, lambda: end.fail("the peer's process ended"), end.break_off, end.other))


def _pairs(side: list[str], others: list[str]) -> Iterator[tuple[str, str]]:
    return ((one, other) for one in side for other in others)


def _text(changes: ConditionChanges) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(changes.items()))
