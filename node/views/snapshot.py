"""A node at one instant: what it is, and all that goes on in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...actors.bus_statistics import BusStatistics
from ...actors.engine import BlockingView
from ...actors.mailbox import Ledger
from ...actors.pool_view import PoolView
from ...discovery.mdns import MdnsStatistics
from ...discovery.mind import PeersSnapshot
from ...discovery.pex import PexStatistics
from ...discovery.shell import BookView, ConnectionTotals, CreditLeft
from ...patterns.gossip import NodeGossip
from ...patterns.singleton import NodeSingleton
from ...transports.connection import ConnectionStatistics
from ..process import LagView, ProcessFigures
from ..workers import WorkerView
from .oldest import OldestView
from .streams import StreamsView

__all__ = ["NodeSnapshot"]


@dataclass(frozen=True, slots=True)
class NodeSnapshot:
    """A node at one instant, as one value. What is counted is counted of all; at most 50 of a kind are listed.

    The rest of a list is had in pages: `node.actors`, `node.peers_page`, `node.connections`.

    It becomes JSON by `msgspec.json.encode(snapshot)`, or by `json.dumps(dataclasses.asdict(snapshot))`.
    """

    name: str
    node_id: str
    network: str
    endpoints: tuple[str, ...]
    offers: tuple[str, ...]
    actors: BusStatistics
    peers: PeersSnapshot
    connections: Mapping[str, ConnectionStatistics]
    #: Connections and bytes since the start, of those that have ended too.
    carried: ConnectionTotals
    #: What all peers together would take now, by channel.
    credit: Mapping[str, CreditLeft]
    mdns: MdnsStatistics | None
    pex: PexStatistics | None
    loop_lag: LagView
    #: Seconds for which messages have been waiting.
    oldest: OldestView
    process: ProcessFigures
    #: What actors run on threads by `run_blocking`.
    blocking: BlockingView
    #: The other processes of the node, which run actors of it.
    workers: tuple[WorkerView, ...] = ()
    #: Streams of this node, by channel.
    streams: Mapping[str, StreamsView] = field(default_factory=dict)
    #: Items that all members of a role are to have, and reactors that one of them runs.
    gossips: tuple[NodeGossip, ...] = ()
    singletons: tuple[NodeSingleton, ...] = ()
    #: Whether the peer book is written; None: there is none.
    book: BookView | None = None

    @property
    def pools(self) -> tuple[PoolView, ...]:
        """The pools and their members, by name: of each what it has to do, and how long that has waited."""
        return self.actors.pools

    @property
    def ledger(self) -> Ledger:
        """What became of every send since the node started, by channel: it adds up."""
        return self.actors.ledger
