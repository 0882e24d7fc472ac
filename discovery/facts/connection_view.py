"""One connection to a peer."""

from __future__ import annotations

import enum
from collections.abc import Hashable
from dataclasses import dataclass

from ...transports.streams import Endpoint

__all__ = ["Direction", "PeerConnectionView"]


class Direction(enum.StrEnum):
    """Which side opened a connection."""

    DIALED = "dialed"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class PeerConnectionView:
    """One connection as the peer manager knows it.

    `key` is the shell's own name of the connection; `incarnation` is the peer's, from its HELLO; `endpoint` is
    where we dialed it, None when the peer dialed us. `proven`: it has shown that it holds the key of its id.
    """

    key: Hashable
    incarnation: int
    endpoint: Endpoint | None
    proven: bool = True

    @property
    def direction(self) -> Direction:
        """`DIALED` where we know the endpoint that we dialed."""
        return Direction.ACCEPTED if self.endpoint is None else Direction.DIALED
