"""What the API tells a page: a node at one instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...actors.actor_page import ActorView
from ...actors.pool_view import PoolView
from ...actors.sends import WaitView
from ...discovery.mind import PeersSnapshot
from ...node.views import StreamsView
from ...node.workers import WorkerView
from ...patterns.pattern_views import PatternViews
from ...transports.connection import ConnectionStatistics
from .overview import ChannelView, NodeOverview

__all__ = ["NodePicture"]


@dataclass(frozen=True, slots=True)
class NodePicture:
    """A node at one instant. `at` is seconds since 1970, as all times of peers and bans are; `now` is of a clock that
    never jumps.

    Peers with connections come first, the fullest mailboxes of actors; what is counted counts all.
    """

    at: float
    now: float
    node: NodeOverview
    peers: PeersSnapshot
    connections: Mapping[str, ConnectionStatistics]
    channels: tuple[ChannelView, ...]
    actors: tuple[ActorView, ...]
    waits: tuple[WaitView, ...]
    pools: tuple[PoolView, ...] = ()
    workers: tuple[WorkerView, ...] = ()
    streams: Mapping[str, StreamsView] = field(default_factory=dict)
    patterns: PatternViews = field(default_factory=PatternViews)
