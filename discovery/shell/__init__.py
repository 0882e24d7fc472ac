"""The actors and tasks that do what the mind decides: they dial, let in, close, look for nodes and write the book."""

from __future__ import annotations

from .finders import MdnsOptions
from .peers import Peers
from .peers_statistics import BookView, ConnectionTotals, CreditLeft, NarrowPath

__all__ = [
    "BookView",
    "ConnectionTotals",
    "CreditLeft",
    "MdnsOptions",
    "NarrowPath",
    "Peers",
]
