"""Under which words reasons are counted, some of which are a stranger's."""

from __future__ import annotations

from collections import Counter

__all__ = ["bounded"]

#: Reasons come from peers too: what is beyond that many different words is counted as `other`.
MAX_REASONS = 64


def bounded(counts: Counter[str], reason: str) -> str:
    """Under which word a reason is counted, which may be a stranger's: of too many the rest is `other`."""
    return reason if reason in counts or len(counts) < MAX_REASONS else "other"
