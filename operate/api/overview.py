"""What the API tells of a node as a whole, of its channels and of its connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...actors.bus_statistics import ChannelLoad
from ...actors.engine import HistogramView
from ...actors.mailbox import Account
from ...discovery.mdns import MdnsStatistics
from ...discovery.shell import BookView, ConnectionTotals
from ...node.process import LagView, ProcessFigures
from ...transports.connection import ConnectionStatistics
from .readiness import Readiness

__all__ = ["ChannelView", "ConnectionPage", "NodeOverview"]


@dataclass(frozen=True, slots=True)
class NodeOverview:
    """The node as a whole.

    `refused` and `failed`: connections that were not let in and dials in vain, by reason, since the start.
    `clock_offset`: seconds by which the calendars of its peers are ahead of its own, the median; None: nobody
    said, or most differ.
    `mdns`: what was heard by multicast DNS; None where it does not look so.
    """

    name: str
    node_id: str
    network: str
    version: str
    endpoints: tuple[str, ...]
    offers: tuple[str, ...]
    ready: Readiness
    peers: Mapping[str, int]
    connected: int
    actors: int
    restarts: int
    dead_letters: Mapping[str, int]
    carried: ConnectionTotals
    loop_lag: LagView
    process: ProcessFigures
    refused: Mapping[str, int]
    failed: Mapping[str, int]
    clock_offset: float | None
    mdns: MdnsStatistics | None
    #: The node's calendar at this instant, in seconds since 1970: times of peers and bans are of it.
    clock: float
    #: Whether the peer book is written; None: there is none.
    book: BookView | None = None


@dataclass(frozen=True, slots=True)
class ChannelView:
    """One channel: its messages, what lies in mailboxes here, and what became of its sends, by side."""

    name: str
    messages: tuple[str, ...]
    load: ChannelLoad | None
    #: Seconds for which the oldest message has lain in a mailbox here; None: none longer than a turn of the loop.
    oldest: float | None
    #: The same of messages to peers that are under way.
    oldest_to_peers: float | None
    #: How long handlers took, and how long messages stayed in mailboxes, of one message in 61.
    handling: HistogramView | None
    staying: HistogramView | None
    local: Account | None
    remote: Account | None
    arrived: Account | None
    astray: Account | None
    #: Peers hear of it, where a reactor here has it; False: it stays on this node.
    announced: bool = True


@dataclass(frozen=True, slots=True)
class ConnectionPage:
    """Some connections, by the names of their actors. `next`: as of other pages."""

    connections: Mapping[str, ConnectionStatistics]
    next: str | None
