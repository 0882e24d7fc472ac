"""The half of a connection that sends: the bus's way to one peer, what is open there, and what becomes of losses."""

from __future__ import annotations

from .inside_link import InsideLink
from .link import PeerLink
from .open_asks import OpenAsks
from .out_lanes import OWN, OutLanes
from .relayed_ask import RelayedAsk, RelayRoom
from .remote_stream_ask import RemoteStreamAsk
from .stream_asks import stream_ask
from .traced_inside_link import TracedInsideLink
from .traced_link import TracedLink

__all__ = [
    "InsideLink",
    "OWN",
    "OpenAsks",
    "OutLanes",
    "PeerLink",
    "RelayRoom",
    "RelayedAsk",
    "RemoteStreamAsk",
    "TracedInsideLink",
    "TracedLink",
    "stream_ask",
]
