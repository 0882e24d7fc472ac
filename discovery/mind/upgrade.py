"""An upgrade: a better peer takes the slot of a connected one, where no slot is free. Which one would leave for it."""

# Law 1. A victim is claimed by one newcomer only, and leaves when that newcomer is ready: one that dies half-way
#        has cost nothing.
# Law 2. By rank alone nobody leaves for an equal: the newcomer's is higher by a margin, and the victim had its time.
# Law 3. For a newcomer that a requirement lacks, rank and time do not count; a peer that one needs leaves for nobody.

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..peer import KnownPeer, PeerOptions, PeerState
from .requirements import Needs

__all__ = ["PeerUpgrade", "next_upgrade"]


@dataclass(frozen=True, slots=True)
class PeerUpgrade:
    """The peer that would leave, the one it would leave for, and from when on it may be made to."""

    victim: KnownPeer
    least_rank: float
    free_at: float

    def allows(self, rank: float) -> bool:
        """Whether a newcomer of that rank is better enough."""
        return rank >= self.least_rank


def next_upgrade(
    peers: Iterable[KnownPeer],
    options: PeerOptions,
    now: float,
    *,
    needs: Needs,
    outgoing: bool = False,
    newcomer: KnownPeer | None = None,
) -> PeerUpgrade | None:
    """The slot of the connected ordinary peer of lowest rank that no requirement needs; of equals the last to come.

    `outgoing`: only the slot of a peer that we dialed. What `newcomer` has claimed itself counts as free.
    """
    everyone = list(peers)
    claimed = {peer.replaces for peer in everyone if peer is not newcomer and peer.replaces is not None}
    worst: KnownPeer | None = None
    lowest = (0.0, 0.0)
    for peer in everyone:
        if not peer.linked or peer.state is PeerState.EVICTING or peer.kept or peer.node_id in claimed:
            continue
        if peer is newcomer or (outgoing and not peer.outgoing) or not needs.spares(peer):
            continue
        key = (peer.rank(now), -peer.linked_at)
        if worst is None or key < lowest:
            worst, lowest = peer, key
    if worst is None:
        return None
    return PeerUpgrade(worst, lowest[0] + options.upgrade_margin, worst.linked_at + options.upgrade_tenure)
