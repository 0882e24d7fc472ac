"""How often a page is told how a node fares."""

from __future__ import annotations

__all__ = ["EVERY", "LATEST", "SOONEST"]

#: Seconds between two pictures: if nothing is said, at least, and at most.
EVERY, SOONEST, LATEST = 0.5, 0.25, 60.0
