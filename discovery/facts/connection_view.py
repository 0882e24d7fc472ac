"""One authenticated connection to a peer, and the rule that says which of two survives."""

# Law 1. Both sides compute the same winner from the same facts: the two node ids, who dialed, the incarnation.
# Law 2. The rule is asked only after the other side proved its id; before that nobody may end a live connection.
# Law 3. A winner ends the others when it is ready, not before: a winner that dies half-way has cost nothing.

from __future__ import annotations

import enum
from collections.abc import Hashable
from dataclasses import dataclass

from ...transports.streams import Endpoint

__all__ = ["Direction", "PeerConnectionView", "beats"]


class Direction(enum.StrEnum):
    """Which side opened a connection."""

    DIALED = "dialed"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class PeerConnectionView:
    """One authenticated connection as the peer manager knows it.

    `key` is the shell's own name of the connection; `incarnation` is the peer's, from its HELLO; `endpoint` is
    where we dialed it, None when the peer dialed us.
    """

    key: Hashable
    incarnation: int
    endpoint: Endpoint | None

    @property
    def direction(self) -> Direction:
        """`DIALED` where we know the endpoint that we dialed."""
        return Direction.ACCEPTED if self.endpoint is None else Direction.DIALED


def beats(new: PeerConnectionView, old: PeerConnectionView, *, self_id: str, node_id: str) -> bool:
    """Whether `new` replaces the live connection `old` to the same peer `node_id`.

    - Another incarnation: the peer restarted, so its old connection is dead. New wins.
    - Both dialed at once: the connection that the smaller node id dialed wins, on both sides.
    - The peer dialed twice: it would not dial while it has a connection, so it lost the old one. New wins.
    - We dialed twice (an address turned out to be a peer that we have): we know that the old one lives. Old wins.
    """
    if new.incarnation != old.incarnation:
        return True
    if new.direction is not old.direction:
        dialer = self_id if new.direction is Direction.DIALED else node_id
        return dialer == min(self_id, node_id)
    return new.direction is Direction.ACCEPTED
