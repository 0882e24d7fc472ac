"""A node: actors, transports and discovery put together. The composition root, and what most programs need.

`async with Node("alice", offers={"archive"}, reactors=[Blocks]) as node: …` in an event loop, or, in plain code,
`with Node("alice", …) as node: node.ask(…).get(timeout=2)`, which is `start()` and `stop()`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random, SystemRandom
from time import monotonic
from types import TracebackType
from typing import Any, Self, TypeVar

from .. import __version__
from ..actors.actor import Actor
from ..actors.base import InFull, PeerbusError, ProcessForked, get_logger, spelled
from ..actors.bus import Bus
from ..actors.bus_life import SHUTDOWN_TIMEOUT
from ..actors.engine import SLOW_HANDLER, Here, LoopThread, Ref, channels_of, check_plain, factories_of
from ..actors.event_stream import Subscription
from ..actors.messages import Capability, Channel, ChannelTuning, Rate, Supervision
from ..actors.sends import Outcome, Tracer
from ..actors.traced_sends import trace_sends
from ..discovery.book import Book, BookKeeper
from ..discovery.facts import MakeFinder, Offer, Require
from ..discovery.mind import Lever, LeverResult
from ..discovery.peer import PeerOptions
from ..discovery.pex import PeerExchange, PexOptions
from ..discovery.records import Myself, check_offers_fit
from ..discovery.shell import Peers
from ..transports.connection import HEARTBEAT_INTERVAL
from ..transports.kinds import make_transports
from ..transports.rules import PeerRates, PeerRules, Permissions
from ..transports.streams import Identity, Transport, TransportOptions
from ..transports.wire import Codecs
from .extension import Extension, Extensions, tracer_of
from .network import Network, NetworkDoor
from .node_arguments import (
    advertised_of,
    book_of,
    capabilities_of,
    dialed_of,
    endpoints_of,
    finders_of,
    listed,
    mdns_of,
    name_of,
    of_kind,
    options_of,
    pex_of,
    rates_of,
    seconds_of,
    threads_of,
)
from .own_actors import OwnActors, declare_channels_of
from .process import LoopLag, keep_freed_memory
from .search import SearchWays, meeting_places, search_of
from .sends import NodeSends
from .views import INSPECTOR, EventHistory, Inspector, NodeViews
from .waiting import NodeWaits
from .workers import FactoryPath, Worker, WorkerFactory, Workers, members_of, split_reactors

__all__ = ["Node"]

A = TypeVar("A", bound=Actor)
E = TypeVar("E")
T = TypeVar("T")

log = get_logger("peerbus.node")


@spelled
class Node(NodeSends, NodeWaits, NodeViews):
    """One member of a network of nodes.

    `name` is for people. Nodes talk to nodes of the same `network`, into which anybody may come, or by its rules:
    `Network("demo", allow=…)`. `identity`: None makes one that lives as long as the node. `listen`: endpoints as text
    (`tcp://127.0.0.1:0`, `unix:///run/a.sock`); none listens nowhere. `offers`: roles as text, `archive` or
    `archive{from=1000}`. `reactors`: classes or factories, each run from start to stop. `processes`: workers by
    name, each with the reactors that a process of its own runs, see `Worker`. `channels`: of reactors that
    this node only talks to. `peers`: endpoints to keep a connection to; `seeds`: endpoints to dial when nobody else is
    left. `mdns`: find peers by multicast DNS, on all interfaces (True) or on those named. `finders`: other ways to find
    peers, as URLs (`dns://…`, `folder://…`) or by the source that candidates name. `pex`: exchange peers with peers, by
    the default options (True) or by these. `requires`: which roles its peers together must offer; it dials, keeps and
    parts with peers for it. `book`: a file for what is to be remembered of peers over restarts; None forgets it.
    `advertise`: where others reach this node, if not where it listens; `private`: peers are to tell nobody of it.
    `transports` replace the default ones (TCP with TLS 1.3, Unix sockets, and those of the other schemes that its
    endpoints name). `rng` chooses peers and jitter; keys never come from it. `permissions`: who may send and offer
    what; None: everybody everything; `rates`: how much each may send on each channel, where that says nothing itself;
    None: as much as they like. `slow_handler`, `tuning`, `blocking_threads`: see `Bus`. `extensions`: what runs beside
    it, as `peerbus.operate.Admin()`.

    Raises ConfigError, ValueError or TypeError where an argument is not right.

    ```python
    async with Node("bob", network="demo", offers={"archive"}, reactors=[Blocks], mdns=["127.0.0.1"]) as bob:
        block = await bob.ask(Role("archive") / Blocks, GetBlock(7), timeout=1)
    ```
    """

    def __init__(
        self,
        name: str,
        *,
        network: str | Network = "peerbus",
        identity: Identity | None = None,
        listen: Iterable[str] = (),
        offers: Iterable[str] = (),
        reactors: Iterable[Callable[[], Actor]] = (),
        processes: Mapping[str, Worker | WorkerFactory | Sequence[WorkerFactory]] | None = None,
        channels: Iterable[Channel[Any]] = (),
        peers: Iterable[str] = (),
        seeds: Iterable[str] = (),
        mdns: bool | Sequence[str] = False,
        finders: Mapping[str, MakeFinder] | Sequence[str] | None = None,
        pex: bool | PexOptions = False,
        advertise: Iterable[str] = (),
        private: bool = False,
        requires: Iterable[Require] = (),
        options: PeerOptions | None = None,
        book: str | Path | Book | None = None,
        transports: Sequence[Transport] | None = None,
        rng: Random | None = None,
        heartbeat: float = HEARTBEAT_INTERVAL,
        shutdown_timeout: float = SHUTDOWN_TIMEOUT,
        slow_handler: float | None = SLOW_HANDLER,
        tuning: Mapping[str, ChannelTuning] | None = None,
        permissions: Permissions | None = None,
        rates: Rate | PeerRates | None = None,
        extensions: Sequence[Extension] = (),
        blocking_threads: int | None = None,
    ) -> None:
        of_kind("identity", identity, Identity, 'Identity.load("alice.pem")')
        of_kind("rng", rng, Random, "random.Random(7)")
        of_kind("permissions", permissions, Permissions, "Permissions(…)")
        self.name: str = name_of("name", name)
        self.identity: Identity = Identity.generate() if identity is None else identity
        self._door = NetworkDoor(network, self.identity.node_id)
        self.network: str = self._door.network.name
        self._rng = Random(SystemRandom().getrandbits(128)) if rng is None else rng
        self._offers = capabilities_of(offers)
        self._listen = endpoints_of("listen", listen)
        self._advertise = advertised_of(advertise)
        self._private = private
        self._persistent = endpoints_of("peers", peers, dialed_of)
        self._seeds = endpoints_of("seeds", seeds, dialed_of)
        self._options = options_of(options, requires)
        self._book = book_of(book, self._options)
        self._mdns = mdns_of(mdns)
        self._finders = finders_of(finders)
        self._pex = pex_of(pex)
        self._rules = PeerRules(permissions, rates_of("rates", rates))
        self._heartbeat = seconds_of("heartbeat", heartbeat, zero=False)
        if transports is None:
            named = (*self._listen, *self._persistent, *self._seeds)
            transports = make_transports(named, TransportOptions(identity=self.identity))
        listed("transports", transports, "transports")
        self._transports = tuple(transports)
        self.bus: Bus = self._make_bus(  # the one that the node's actors run on
            shutdown_timeout, slow_handler, tuning, blocking_threads, tracer_of(extensions, name)
        )
        self._reactors, workers = split_reactors(factories_of("reactors", reactors), processes)
        for channel in channels_of("channels", channels):
            self.bus.declare(channel)
        self._codecs = Codecs(self.bus.channels, Here(self.bus))
        self._workers = self._make_workers(workers, members_of(self._reactors))
        self._own = OwnActors()
        self._extensions = Extensions(extensions)
        self.events: EventHistory = EventHistory()
        self._thread: LoopThread | None = None

    def _make_bus(
        self,
        shutdown_timeout: float,
        slow_handler: float | None,
        tuning: Mapping[str, ChannelTuning] | None,
        blocking_threads: int | None,
        tracer: Tracer | None,
    ) -> Bus:
        bus = Bus(
            self.name,
            rng=self._rng,
            shutdown_timeout=seconds_of("shutdown_timeout", shutdown_timeout, zero=True),
            slow_handler=None if slow_handler is None else seconds_of("slow_handler", slow_handler, zero=False),
            tuning=tuning,
            blocking_threads=threads_of("blocking_threads", blocking_threads),
        )
        bus.node_id = self.identity.node_id
        bus.search = self._search
        if tracer is not None:
            trace_sends(bus, tracer)
        return bus

    # Life.

    async def __aenter__(self) -> Self:
        self._check_fresh(entered=True)
        keep_freed_memory()
        await self.bus.__aenter__()
        self.events.attach(self.bus.events.stream)
        try:
            declare_channels_of(self.bus, self._reactors)
            exchange = None
            if self._pex is not None:
                self.bus.declare(PeerExchange.channel)
                exchange = partial(PeerExchange, self.node_id, self.network, self._pex, self._options.requires)
            # Before the peer manager, which peers may reach from its start on; they hear of roles by `serve`.
            self._lag = LoopLag(self.bus.loop, monotonic, self.bus.context.copy())
            inspector = partial(Inspector, self.snapshot, self.waits, self.events, self._lag)
            await self.bus.started(self.bus.spawn(inspector, name=INSPECTOR.reactor))
            await self._own.start(self.bus, self._book, self._make_peers, exchange)
            await self._door.start(self.bus)
            await self._workers.start()
            for factory in self._reactors:
                await self.bus.started(self.bus.spawn(factory))
            await self._extensions.start(self)
            self._own.serve(self.name)
        except BaseException:
            await self._close()
            self.bus.life.hand_on_exit()
            raise
        log.info(
            "node up",
            node=self.name,
            node_id=InFull(self.node_id),
            network=self.network,
            endpoints=[InFull(endpoint) for endpoint in self.endpoints],
            offers=[str(offer) for offer in self.offers],
        )
        return self

    def _make_workers(self, workers: Mapping[str, Worker], members: Sequence[FactoryPath]) -> Workers:
        return Workers(self.bus, self._codecs, workers, self.identity, members)

    def _make_peers(self, keeper: Ref[BookKeeper]) -> Peers:
        return Peers(
            Myself(
                identity=self.identity,
                network=self.network,
                name=self.name,
                agent=f"peerbus/{__version__}",
                incarnation=self._rng.getrandbits(63),
                private=self._private,
                advertise=self._advertise,
            ),
            self._transports,
            self._codecs,
            listen=self._listen,
            offers=self._offers.values(),
            persistent=self._persistent,
            seeds=self._seeds,
            options=self._options,
            mdns=self._mdns,
            finders=self._finders,
            book=keeper,
            heartbeat=self._heartbeat,
            gate=self._door.gate,
            rules=self._rules,
            serving=self._own.serving,
        )

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
        self.bus.life.hand_on_exit()

    async def aclose(self) -> None:
        """Shut down: refuse new sends, drain, stop reactors, say goodbye to peers, close. Idempotent."""
        running = not self.bus.closing
        await self._close()
        if running:
            log.info("node down", node=self.name)

    async def _close(self) -> None:
        for part in (self.bus, self._workers, self._extensions):
            await part.aclose()

    def _check_fresh(self, *, entered: bool = False) -> None:
        """A node runs once. `entered`: by the thread that `start` has made, or without."""
        if self.bus.closing:
            raise PeerbusError(f"{self.name} has stopped; a node runs once: make a new one, Node(…)")
        if self.bus.thread or (self._thread is not None and not entered):
            raise PeerbusError(f"{self.name} runs already; a node is started once")

    async def wait_stopped(self) -> None:
        """Wait until the node has stopped. Raises the failure that an actor handed on, and as `Bus.wait_stopped`."""
        await self.bus.wait_stopped()
        if self.bus.life.escalation is not None:
            raise self.bus.life.escalation

    def start(self) -> Self:
        """Run the node on an event loop in a thread of its own; returns when it is up.

        Raises PeerbusError where it runs already, and what starting raised.
        """
        self._check_fresh()
        self._thread = LoopThread(self, name=f"peerbus {self.name}", patience=self.bus.shutdown_timeout)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop a node that `start` started, and wait for it. Idempotent. Raises as `Bus.stop`.

        Raises PeerbusError for one that runs in an event loop of the program.
        """
        if self._thread is not None:
            self._thread.stop()
        elif self.bus.thread and not self.bus.closing:
            raise PeerbusError(f"{self.name} was entered by `async with`: leave that, or `await node.aclose()`")

    def __enter__(self) -> Self:
        """In plain code, `with Node(…) as node:`: as `start`. Raises PeerbusError where an event loop runs here."""
        check_plain("Node(…)")
        return self.start()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessForked):  # as `Bus.__exit__`
            self.stop()

    @property
    def node_id(self) -> str:
        """Hex SHA-256 of the node's public key."""
        return self.identity.node_id

    @property
    def offers(self) -> tuple[str, ...]:
        """The capabilities that it offers."""
        return tuple(str(offer) for offer in self._offers.values())

    @property
    def peers(self) -> tuple[str, ...]:
        """Ids of the peers that can be sent to now."""
        return tuple(self.bus.routes.peers)

    # Levers.

    def offer(self, capability: str) -> None:
        """Offer a role from now on (or with other attributes); connected peers hear of it at once.

        Raises ValueError for a malformed one, ConfigError for more than peers can be told.

        ```python
        node.offer("archive{from=1000}")
        ```
        """
        parsed = Capability.parse(capability)
        offers = {**self._offers, parsed.role: parsed}
        check_offers_fit(offers.values())
        self._offers = offers
        self._say(Offer(tuple(self._offers.values())))

    def withdraw(self, role: str) -> None:
        """Offer a role no longer. Raises ValueError where it was not offered."""
        if role not in self._offers:
            offered = ", ".join(sorted(self._offers)) or "nothing"
            raise ValueError(f"{self.name} does not offer {role!r}, it offers {offered}")
        self._offers = {key: value for key, value in self._offers.items() if key != role}
        self._say(Offer(tuple(self._offers.values())))

    def _pull(self, lever: Lever) -> Outcome[LeverResult]:
        return self.bus.request(self._own.running(self.name), lever, None, LeverResult, None)

    def _say(self, command: object) -> None:
        self._own.running(self.name).tell(command)

    def _search(self) -> str:
        """How peers are looked for, and whether anybody was ever met."""
        finders = (*self._finders, *meeting_places(self._transports, self._listen))
        ways = SearchWays(self.network, self._mdns, self._pex, finders, self._persistent, self._seeds)
        return search_of(self._own.manager, ways)

    # The bus's own, for short.

    def spawn(
        self,
        factory: Callable[..., A],
        *args: Any,
        name: str | None = None,
        supervision: Supervision | None = None,
        **kwargs: Any,
    ) -> Ref[A]:
        """Start an actor on the node; see `Bus.spawn`."""
        return self.bus.spawn(factory, *args, name=name, supervision=supervision, **kwargs)

    def subscribe(self, *types: type[E]) -> Subscription[E]:
        """Events of these types (`PeerUp`, `PeerDown`, `DeadLetter`, …); see `Bus.subscribe`."""
        return self.bus.subscribe(*types)

    def __repr__(self) -> str:
        return f"<Node {self.name} {self.node_id[:8]} {len(self.peers)} peers>"
