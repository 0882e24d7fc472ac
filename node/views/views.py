"""What whoever runs a node sees of it: the whole at an instant, who waits for whom, and what happened."""

from __future__ import annotations

from collections.abc import Mapping

from ... import __version__
from ...actors.actor_page import PAGE, ActorPage
from ...actors.base import ConfigError
from ...actors.bus import Bus
from ...actors.sends import WaitView
from ...discovery.mind import PeerFilter, PeerPage, PeersSnapshot, PeerView
from ...discovery.peer import PeerState
from ...discovery.shell import Peers
from ...patterns.pattern_views import PatternViews, patterns_of
from ...transports.connection import ConnectionStatistics
from ...transports.rules import PeerRates, Permissions
from ..network import NetworkDoor, NetworkView, view_of_network
from ..own_actors import OwnActors
from ..process import LoopLag, process_figures
from ..workers import Workers, WorkerView
from .event_history import EventHistory
from .levers import NodeLevers
from .oldest import oldest_of
from .snapshot import NodeSnapshot
from .streams import streams_of

__all__ = ["LISTED", "NodeViews"]

#: Actors whose mailboxes a snapshot has; the sums are of all, and `actors` has the rest in pages.
LISTED = 50


class NodeViews(NodeLevers):
    """The views of `Node`; all on the loop's thread. An actor asks for them by message, see `inspector`."""

    name: str
    network: str
    bus: Bus
    #: What happened since the start, the last 2 000 events of it: `async for happened in node.events.follow()`.
    events: EventHistory
    _own: OwnActors
    _door: NetworkDoor
    _lag: LoopLag
    _workers: Workers

    @property
    def node_id(self) -> str:
        """Hex SHA-256 of the node's public key."""
        raise NotImplementedError

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Where it listens, with the real ports and its node id: what another node's `peers` takes."""
        peers = self._own.manager
        return tuple(str(endpoint.with_peer(self.node_id)) for endpoint in peers.endpoints) if peers else ()

    @property
    def offers(self) -> tuple[str, ...]:
        """The capabilities that it offers."""
        raise NotImplementedError

    @property
    def version(self) -> str:
        """That of this package."""
        return __version__

    def offer(self, capability: str) -> None:
        """Offer a role from now on; see `Node.offer`."""
        raise NotImplementedError

    def withdraw(self, role: str) -> None:
        """Offer a role no longer; see `Node.withdraw`."""
        raise NotImplementedError

    def snapshot(self, listed: int = LISTED, mailboxes: int | None = None) -> NodeSnapshot:
        """Everything about the node at this instant; of a kind at most `listed` are named. On the loop's thread.

        `mailboxes`: at most that many of these; None: as of the others.
        """
        found = self._running().statistics(listed)
        patterns = self.patterns()
        return NodeSnapshot(
            name=self.name,
            node_id=self.node_id,
            network=self.network,
            endpoints=self.endpoints,
            offers=self.offers,
            actors=self.bus.statistics(listed if mailboxes is None else mailboxes),
            peers=found.peers,
            connections=found.connections,
            carried=found.totals,
            credit=found.credit,
            mdns=found.mdns,
            pex=self._own.exchanged(),
            loop_lag=self._lag.view,
            oldest=oldest_of(self.bus),
            process=process_figures(),
            blocking=self.bus.life.blocking.view(),
            workers=self.workers(),
            streams=streams_of(self.bus.books.streams(), found.connections.values(), self.bus.actors.pool_views()),
            gossips=patterns.gossips,
            singletons=patterns.singletons,
            book=found.book,
        )

    def _running(self) -> Peers:
        peers = self._own.manager
        if peers is None:
            raise ConfigError(f"{self.name} does not run: there is nothing to look at")
        return peers

    def actors(self, after: str = "", limit: int = PAGE, *, match: str = "", order: str = "") -> ActorPage:
        """The actors in pages, in the order of their names: the first `limit` behind the name `after`.

        `match`: only those that have it in their names. `order`: `fullest`, `busiest` or `restarts`, the `limit` that
        are foremost instead, with no page behind them. Raises KeyError for another word.
        """
        return self.bus.actors.page(after, limit, match=match, order=order)

    def network_view(self) -> NetworkView:
        """Who may come in, by the rules as they are now."""
        return view_of_network(self._door.network, self._door.gate.rules)

    @property
    def permissions(self) -> Permissions:
        """Who may tell, ask and offer what, as it is now."""
        return self._running().mind.levers.rules.permissions

    @property
    def rates(self) -> PeerRates:
        """How much each peer may send, as it is now."""
        return self._running().mind.levers.rules.rates

    def overview(self) -> PeersSnapshot:
        """What is counted of peers, bans and requirements, with no peer listed."""
        peers = self._running()
        return peers.mind.snapshot(self.bus.loop.time(), 0)

    def peer(self, node_id: str) -> PeerView | None:
        """One peer; None for one that is not known."""
        return self._running().mind.view(node_id, self.bus.loop.time())

    def peers_page(
        self, after: str = "", limit: int = PAGE, *, match: str = "", state: PeerState | None = None
    ) -> PeerPage:
        """The known peers in pages, in the order of their ids: the first `limit` behind the key `after`.

        `match`: only those that have it in name, id, roles or addresses; `state`: only those that are in it.
        """
        peers = self._running()
        called = peers.connections.called(match) if match else frozenset[str]()
        return peers.mind.page(self.bus.loop.time(), after, limit, PeerFilter(match, called, state))

    def connections(self, after: str = "", limit: int = PAGE) -> Mapping[str, ConnectionStatistics]:
        """The connections in pages, by the names of their actors: the first `limit` behind the name `after`."""
        return self._running().connections.statistics(limit, after)

    def workers(self) -> tuple[WorkerView, ...]:
        """The worker processes of the node, in the order in which they were named."""
        return self._workers.views()

    def patterns(self) -> PatternViews:
        """The gossips and singletons of the node, by name."""
        return patterns_of(self.bus.actors.views.items())

    def waits(self) -> tuple[WaitView, ...]:
        """Who waits for whom at this instant: each send that a handler of an actor here stands in."""
        return self.bus.waits()
