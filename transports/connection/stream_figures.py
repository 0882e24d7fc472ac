"""The streams of one connection at an instant, on one channel."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["StreamFigures"]


@dataclass(frozen=True, slots=True)
class StreamFigures:
    """Those of one channel that are open. `served`: that reactors here answer, or take items of; `asked`: of the peer.

    `items`: that were sent to the peer on them. `standing`: senders here that wait until the peer has room.
    `unread`: items that have come and that nobody here has taken.
    """

    served: int = 0
    asked: int = 0
    items: int = 0
    standing: int = 0
    unread: int = 0
