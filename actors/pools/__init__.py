"""Pools: several actors of one kind behind one address. A send goes straight to the member that is picked for it."""

from __future__ import annotations

from .member_mailbox import MemberMailbox
from .pool import Pool
from .resizer import Resizer
from .resizing import ResizePool

__all__ = ["MemberMailbox", "Pool", "ResizePool", "Resizer"]
