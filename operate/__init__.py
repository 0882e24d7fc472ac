"""Operating a node while it runs: an API over HTTP to see into it and to steer it. The node knows nothing of it."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .admin import Admin
    from .api import EventView
    from .client import (
        AdminClient,
        AdminError,
        AdminTarget,
        AnswerMalformed,
        EventsMissed,
        NodeBack,
        NodeHere,
        NodeLost,
        NodeNotFound,
        NodeNotReached,
        RequestRefused,
        find_node,
        nodes_here,
    )
    from .tracing import Tracing

__all__ = [
    "Admin",
    "AdminClient",
    "AdminError",
    "AdminTarget",
    "AnswerMalformed",
    "EventView",
    "EventsMissed",
    "NodeBack",
    "NodeHere",
    "NodeLost",
    "NodeNotFound",
    "NodeNotReached",
    "RequestRefused",
    "Tracing",
    "find_node",
    "nodes_here",
]

#: Where those are that are not of `client`.
_PLACES = {"Admin": "admin", "EventView": "api", "Tracing": "tracing"}


def __getattr__(name: str) -> object:
    # Lazy (PEP 562): the command line stands in this package, and `peerbus --version` shall not wait for a server.
    if name in __all__:
        return getattr(import_module(f".{_PLACES.get(name, 'client')}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__])


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
