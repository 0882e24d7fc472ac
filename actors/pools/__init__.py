"""Pools: several actors of one kind behind one address. A send goes straight to the member that is picked for it."""

from __future__ import annotations

from .plan import Combine, PoolPick
from .pool import Pool
from .pool_keeper import PoolKeeper
from .resizer import Resizer
from .resizing import ResizePool

__all__ = ["Combine", "Pool", "PoolKeeper", "PoolPick", "ResizePool", "Resizer"]
