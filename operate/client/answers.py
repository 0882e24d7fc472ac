"""What a node tells, as the types that it tells it of: imported when one of them is asked for, for a node is much."""

from __future__ import annotations

from ...actors.actor_page import ActorView
from ...actors.mailbox import Ledger
from ...actors.pool_view import PoolView
from ...actors.sends import WaitView
from ...discovery.mind import BanView, LeverResult, PeerView, RequirementView
from ...node.network import NetworkView
from ...node.views import StreamsView
from ...node.workers import WorkerView
from ...patterns.pattern_views import PatternViews
from ...transports.connection import ConnectionStatistics
from ..api import ChannelView, ConnectionPage, NodeOverview

__all__ = [
    "ActorView",
    "BanView",
    "ChannelView",
    "ConnectionPage",
    "ConnectionStatistics",
    "Ledger",
    "LeverResult",
    "NetworkView",
    "NodeOverview",
    "PatternViews",
    "PeerView",
    "PoolView",
    "RequirementView",
    "StreamsView",
    "WaitView",
    "WorkerView",
]
