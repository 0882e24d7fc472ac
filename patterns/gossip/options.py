"""How much gossip may keep, and how fast it goes."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from ...actors.base import spelled

__all__ = ["GossipOptions"]


@spelled
@dataclass(frozen=True, slots=True, kw_only=True)
class GossipOptions:
    """Bounds of one node's gossip. Times in seconds.

    `keep`, `keep_bytes`, `keep_for`: items that are held for whoever comes late: how many, how large, how long; what is
    older is told to nobody. `remember`: ids of items that are remembered as known, those that are held among them: an
    item that is told again after that is new again. `eager`: neighbours that get each item at once; all others hear
    that there is one. `exchange`: how often a digest is compared with a neighbour's.
    Raises ValueError where one is out of range.

    ```python
    options = GossipOptions(keep=10_000)
    ```
    """

    keep: int = 10_000
    keep_bytes: int = 64 << 20
    keep_for: float = 600.0
    remember: int = 50_000
    eager: int = 3
    exchange: float = 10.0

    def __post_init__(self) -> None:
        if not (
            1 <= self.keep <= self.remember
            and self.keep_bytes >= 1
            and 0 < self.keep_for < inf
            and 1 <= self.eager <= 64
            and 0 < self.exchange < inf
        ):
            raise ValueError(
                "gossip options out of range: 1 <= keep <= remember, keep_bytes 1 or more, keep_for and exchange above "
                f"0, eager 1 to 64, got {self}"
            )
