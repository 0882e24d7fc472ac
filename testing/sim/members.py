"""The nodes of a simulation: how each is made from the seed, and made to vanish, pause and come back."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypedDict

from ...actors.actor import Actor
from ...actors.base import CURRENT_BUS
from ...actors.bus import Bus
from ...actors.engine import CHECK_SENDS
from ...actors.messages import Channel, ChannelTuning, Rate
from ...discovery.book import MemoryBook
from ...discovery.facts import Candidate, Finder, MakeFinder, Require
from ...discovery.peer import PeerOptions
from ...discovery.pex import PexOptions
from ...node.node import Node
from ...node.workers import Worker, WorkerFactory
from ...transports.rules import PeerRates, Permissions
from ...transports.streams import Endpoint, Identity
from .bus_tap import BusTap
from .faulty_network import FaultyNetwork, Who
from .neighbourhood import Neighbourhood, NoFinder
from .simulated_node import SimulatedNode
from .trace import Trace
from .virtual_loop import VirtualLoop

__all__ = ["Member", "Members", "NodeArguments"]


class NodeArguments(TypedDict, total=False):
    """What `Simulation.node` passes on to `Node`; see there."""

    network: str
    identity: Identity
    listen: Iterable[str]
    offers: Iterable[str]
    reactors: Iterable[Callable[[], Actor]]
    processes: Mapping[str, Worker | WorkerFactory | Sequence[WorkerFactory]]
    channels: Iterable[Channel[Any]]
    peers: Iterable[str]
    seeds: Iterable[str]
    pex: bool | PexOptions
    advertise: Iterable[str]
    private: bool
    requires: Iterable[Require]
    options: PeerOptions
    heartbeat: float
    shutdown_timeout: float
    tuning: Mapping[str, ChannelTuning]
    permissions: Permissions
    rates: Rate | PeerRates
    blocking_threads: int


@dataclass(slots=True)
class Member:
    """One node of the simulation: how to make it anew, and what became of it."""

    name: str
    arguments: NodeArguments
    discover: bool
    node: Node
    #: What outlives the node.
    book: MemoryBook
    #: Times that it got another key.
    keys: int = 0
    #: Times that it was started.
    starts: int = 1
    alive: bool = True


class Members:
    """See the module. `rng_for` gives named chance; `Simulation` says what its methods promise."""

    def __init__(
        self,
        seed: int,
        loop: VirtualLoop,
        network: FaultyNetwork,
        trace: Trace,
        rng_for: Callable[[str], random.Random],
    ) -> None:
        self._seed = seed
        self._loop = loop
        self._network = network
        self._trace = trace
        self._rng_for = rng_for
        self._neighbourhood = Neighbourhood(rng_for("neighbourhood"), network.reachable)
        self._members: dict[str, Member] = {}
        self._vanished: list[Node] = []
        #: Buses whose callbacks do not run.
        self._frozen: set[Bus] = set()

    @property
    def alive(self) -> dict[str, Node]:
        """The nodes that run, by name, in the order of their first start."""
        return {name: member.node for name, member in self._members.items() if member.alive}

    async def start(self, name: str, arguments: NodeArguments, *, discover: bool) -> Node:
        """Start a node that was not there before. Raises ValueError where it was."""
        if name in self._members:
            raise ValueError(f"there is a node called {name!r} already; restart() starts it anew")
        given = dict(arguments)
        for key in ("listen", "offers", "reactors", "channels", "peers", "requires"):
            if key in given:
                given[key] = _kept(key, given[key])  # a restart needs them once more
        kept: NodeArguments = given  # type: ignore[assignment]  # the same keys
        book = MemoryBook()
        member = Member(
            name, kept, discover, self._make(name, kept, discover=discover, keys=0, starts=1, book=book), book
        )
        self._members[name] = member
        await self._enter(member)
        return member.node

    def crash(self, who: Who, *, reset: bool) -> None:
        """See `Simulation.crash`."""
        member = self._member(who)
        member.alive = False
        node = member.node
        self._neighbourhood.vanish(node.node_id)
        self._network.vanish(node, reset=reset)
        self._vanished.append(node)
        self._freeze(node.bus)
        self._note(member.name, "crashes")

    async def restart(self, who: Who, *, keep_key: bool, keep_book: bool, reset: bool) -> Node:
        """See `Simulation.restart`."""
        member = self._member(who, running=False)
        # A copy, as of a file when its machine has crashed: what the old node does when it is let go stays its own.
        book = MemoryBook(peers=dict(member.book.peers), bans=dict(member.book.bans)) if keep_book else MemoryBook()
        if member.alive:
            self.crash(member.name, reset=reset)
        self._network.back(member.node)
        member.starts += 1
        member.keys += not keep_key
        member.book = book
        member.node = self._make(
            member.name,
            member.arguments,
            discover=member.discover,
            keys=member.keys,
            starts=member.starts,
            book=book,
        )
        member.alive = True
        self._note(member.name, "restarts")
        await self._enter(member)
        return member.node

    def pause(self, who: Who) -> None:
        """See `Simulation.pause`."""
        member = self._member(who)
        self._freeze(member.node.bus)
        self._note(member.name, "pauses")

    def resume(self, who: Who) -> None:
        """See `Simulation.resume`."""
        member = self._member(who)
        self._note(member.name, "resumes")
        self._frozen.discard(member.node.bus)
        self._loop.freeze(self._is_frozen if self._frozen else None)

    async def stop(self) -> None:
        """Stop all that run, in the reverse order of their start; what is paused goes on."""
        for node in self.alive.values():
            self._frozen.discard(node.bus)
        self._loop.freeze(self._is_frozen if self._frozen else None)
        for node in reversed(self.alive.values()):
            await node.aclose()

    async def let_go(self) -> None:
        """End what has vanished, cut off from everybody: Python's way to end what it has begun."""
        self._frozen.clear()
        self._loop.freeze(None)
        for node in self._vanished:
            node.bus.shutdown_timeout = 0.0
            await node.aclose()

    # Making.

    def _make(
        self,
        name: str,
        arguments: NodeArguments,
        *,
        discover: bool,
        keys: int,
        starts: int,
        book: MemoryBook,
    ) -> Node:
        identity = arguments.get("identity")
        if identity is None or keys:
            identity = Identity.from_seed(sha256(f"{self._seed}/key/{name}/{keys}".encode()).digest())
        given: NodeArguments = {**arguments, "identity": identity}
        given.setdefault("listen", (f"memory://{name}",))
        if "peers" in given:
            given["peers"] = [peer if "://" in peer else f"memory://{peer}" for peer in given["peers"]]
        self._network.call(identity.node_id, name)
        finders: dict[str, MakeFinder] = {"trace": self._first_finder(name)}
        if discover:
            finders["mdns"] = self._neighbourhood.finder
        node = SimulatedNode(
            name,
            **given,
            transports=[self._network.transport(identity.node_id)],
            rng=self._rng_for(f"node/{name}/{starts}"),
            finders=finders,
            book=book,
        )
        node.bus.checks_sends = os.environ.get(CHECK_SENDS) != "0"
        return node

    def _first_finder(self, name: str) -> MakeFinder:
        def make(
            node_id: str,
            network: str,
            *,
            endpoints: Sequence[Endpoint],
            roles: Iterable[str],
            on_found: Callable[[Candidate], None],
            on_lost: Callable[[str], None],
        ) -> Finder:
            # Finders are made when the bus runs and nothing has happened on it yet: the moment to listen.
            if self._trace.on:
                BusTap(self._members[name].node.bus, self._network.name_of, lambda what: self._note(name, what))
            return NoFinder()

        return make

    async def _enter(self, member: Member) -> None:
        self._note(member.name, f"starts as {member.node.node_id[:12]}")
        try:
            await member.node.__aenter__()
        except BaseException:
            member.alive = False
            raise

    # Inside.

    def _member(self, who: Who, *, running: bool = True) -> Member:
        member = self._members.get(who) if isinstance(who, str) else None
        if member is None:
            member = self._members.get(self._network.name_of(self._network.id_of(who)))
        if member is None:
            raise ValueError(f"{who!r} is no node of this simulation")
        if running and not member.alive:
            raise ValueError(f"{member.name} does not run")
        return member

    def _note(self, node: str, what: str) -> None:
        self._trace.add(self._loop.time(), node, what)

    def _freeze(self, bus: Bus) -> None:
        self._frozen.add(bus)
        self._loop.freeze(self._is_frozen)

    def _is_frozen(self, context: Context) -> bool:
        bus = context.get(CURRENT_BUS)
        return bus is not None and bus in self._frozen


def _kept(key: str, values: object) -> tuple[object, ...]:
    """An argument that may be an iterator, to be read more than once."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{key} is a list, not {values!r}")
    return tuple(values)
