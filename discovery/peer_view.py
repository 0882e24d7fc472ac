"""How a known peer becomes the picture of it for operators."""

from __future__ import annotations

import math

from .known_peer import KnownPeer
from .snapshot import AddressView, PeerView

__all__ = ["view_of"]


def view_of(peer: KnownPeer, now: float) -> PeerView:
    """The picture of one peer at that time."""
    addresses = tuple(
        AddressView(
            endpoint=address.endpoint,
            sources=tuple(sorted(address.sources)),
            failures=address.backoff.failures,
            retry_at=address.backoff.until,
            last_success=_known(address.last_success),
            last_failure=_known(address.last_failure),
        )
        for address in peer.addresses
    )
    return PeerView(
        node_id=peer.node_id,
        state=peer.state,
        up=peer.up,
        persistent=peer.persistent,
        unconditional=peer.unconditional,
        private=peer.private,
        seed=peer.addresses.seed,
        inactive=peer.inactive,
        score=peer.rank(now),
        why=tuple((reason.value, points) for reason, points in peer.score.why(now)),
        fixed_score=peer.fixed_score,
        roles=peer.roles,
        offers=peer.offers,
        direction=peer.links[0].direction if peer.links else None,
        connections=len(peer.links),
        up_since=peer.up_since,
        last_connected=_known(peer.last_connected),
        failures=peer.backoff.failures,
        retry_at=peer.retry_at,
        last_reason=peer.last_reason,
        told_by=peer.told_by,
        addresses=addresses,
    )


def _known(time: float) -> float | None:
    return None if time == -math.inf else time
