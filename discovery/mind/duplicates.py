"""Which of two connections to one peer survives."""

# Law 1. Both sides compute the same winner from the same facts: the two node ids, who dialed, the incarnation.
# Law 2. What is claimed never beats what is proven, and gives way to it: on a stream that proves no id, anybody may
#        name any. Both sides know which streams do.
# Law 3. A winner ends the others when it is ready, not before: a winner that dies half-way has cost nothing.

from __future__ import annotations

from ..facts import Direction, PeerConnectionView

__all__ = ["beats"]


def beats(new: PeerConnectionView, old: PeerConnectionView, *, self_id: str, node_id: str) -> bool:
    """Whether `new` replaces the live connection `old` to the same peer `node_id`.

    - One has proven its id, and the other only claims it: the proven one wins.
    - Another incarnation: the peer restarted, so its old connection is dead. New wins.
    - Both dialed at once: the connection that the smaller node id dialed wins, on both sides.
    - The peer dialed twice: it would not dial while it has a connection, so it lost the old one. New wins.
    - We dialed twice (an address turned out to be a peer that we have): we know that the old one lives. Old wins.
    """
    if new.proven is not old.proven:
        return new.proven
    if new.incarnation != old.incarnation:
        return True
    if new.direction is not old.direction:
        dialer = self_id if new.direction is Direction.DIALED else node_id
        return dialer == min(self_id, node_id)
    return new.direction is Direction.ACCEPTED
