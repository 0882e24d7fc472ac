"""A node: the bus of one process with transports and discovery, its configuration and command line."""

from __future__ import annotations

from .node import Node, NodeSnapshot

__all__ = ["Node", "NodeSnapshot"]
