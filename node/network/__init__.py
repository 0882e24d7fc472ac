"""The network of a node: who may come into it, what keeps its rules while it runs, and how they are shown."""

from __future__ import annotations

from .door import NetworkDoor
from .network import Network, WrongRule
from .view import NetworkView, differences, view_of_network

__all__ = [
    "Network",
    "NetworkDoor",
    "NetworkView",
    "WrongRule",
    "differences",
    "view_of_network",
]
