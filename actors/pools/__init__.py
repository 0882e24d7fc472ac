"""Pools: several actors of one kind behind one address. A send goes straight to the member that is picked for it."""

from __future__ import annotations

from .pool import Pool
from .resizer import Resizer
from .resizing import ResizePool

__all__ = ["Pool", "ResizePool", "Resizer"]
