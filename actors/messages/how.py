"""What a send says beyond its receiver, message and timeout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .picks import Share

__all__ = ["WAITS", "How"]


@dataclass(frozen=True, slots=True)
class How:
    """What a send says beyond its receiver, message and timeout; see `Actor.ask`. Raises ValueError out of range."""

    hedge: float | None = None
    quorum: int | Share | None = None
    wait_for_peer: bool = False

    def __post_init__(self) -> None:
        hedge: object = self.hedge  # whatever a program without type checks gives
        if hedge is not None and (not isinstance(hedge, int | float) or isinstance(hedge, bool)):
            raise TypeError(f"hedge is {hedge!r}; write seconds")
        if isinstance(hedge, int) and hedge.bit_length() > 1000:  # it need not fit into a float
            raise ValueError(f"hedge is an integer of {hedge.bit_length()} bits; write seconds")
        quorum: object = self.quorum
        if quorum is not None and (not isinstance(quorum, int | float | Share) or isinstance(quorum, bool)):
            raise TypeError(f"quorum is {quorum!r}; write a number, 2, or a part of those asked, Share(0.67)")
        if self.hedge is not None and not self.hedge >= 0:
            raise ValueError(f"hedge is {self.hedge}, it must be at least 0 seconds")
        if self.quorum is not None and not isinstance(self.quorum, Share) and not self.quorum >= 1:
            raise ValueError(f"quorum is {self.quorum}, it must be at least 1; a part of those asked is Share(0.67)")
        if isinstance(quorum, float):
            raise TypeError(f"quorum is {quorum}; write a whole number, or a part of those asked, Share(0.67)")


#: How a send goes that waits for a peer.
WAITS: Final = How(wait_for_peer=True)
