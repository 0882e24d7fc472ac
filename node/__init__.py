"""A node: the bus of one process with transports and discovery, its configuration and command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .node import Node
    from .snapshot import NodeSnapshot

__all__ = ["Node", "NodeSnapshot"]


def __getattr__(name: str) -> object:
    # Lazy (PEP 562): `peerbus --version` shall not wait for TLS and multicast DNS to be imported.
    if name in __all__:
        from . import node

        return getattr(node, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
