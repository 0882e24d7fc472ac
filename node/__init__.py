"""A node: the bus of one process with transports and discovery, its configuration and command line."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..transports.rules import Allow, PeerRates, Permissions
    from .network import Network
    from .node import Node
    from .views import (
        INSPECTOR,
        ActorFailure,
        EventHistory,
        EventReader,
        GetEvents,
        GetSnapshot,
        GetWaits,
        Happened,
        LostMessage,
        NodeSnapshot,
    )
    from .workers import Worker, WorkerEnded, WorkerView

__all__ = [
    "INSPECTOR",
    "ActorFailure",
    "Allow",
    "EventHistory",
    "EventReader",
    "GetEvents",
    "GetSnapshot",
    "GetWaits",
    "Happened",
    "LostMessage",
    "Network",
    "Node",
    "NodeSnapshot",
    "PeerRates",
    "Permissions",
    "Worker",
    "WorkerEnded",
    "WorkerView",
]

#: In which module each of them is.
_PLACES = {
    "Network": "network",
    "Node": "node",
    **dict.fromkeys(("Allow", "PeerRates", "Permissions"), ".transports.rules"),
    **dict.fromkeys(("Worker", "WorkerEnded", "WorkerView"), "workers"),
    **dict.fromkeys(("INSPECTOR", "GetEvents", "GetSnapshot", "GetWaits", "NodeSnapshot"), "views"),
    **dict.fromkeys(("ActorFailure", "EventHistory", "EventReader", "Happened", "LostMessage"), "views"),
}


def __getattr__(name: str) -> object:
    # Lazy (PEP 562): `peerbus --version` shall not wait for TLS and multicast DNS to be imported.
    if name in _PLACES:
        return getattr(import_module(f".{_PLACES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__])


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
