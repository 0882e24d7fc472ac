"""How the table of peers becomes the picture of it for operators."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..facts import Direction
from ..peer import KnownPeer
from .manager_state import ManagerState
from .requirements import views_of
from .snapshot import AddressView, BanView, PeersSnapshot, PeerView

__all__ = ["picture_of", "view_of"]


def view_of(peer: KnownPeer, now: float) -> PeerView:
    """The picture of one peer at that time."""
    addresses = tuple(
        AddressView(
            endpoint=address.endpoint,
            sources=tuple(sorted(address.sources)),
            failures=address.backoff.failures,
            retry_at=_known(address.backoff.until),
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
        direction=peer.connections[0].direction if peer.connections else None,
        connections=len(peer.connections),
        up_since=peer.up_since,
        last_connected=_known(peer.last_connected),
        failures=peer.backoff.failures,
        retry_at=_known(peer.retry_at),
        last_reason=peer.last_reason,
        told_by=peer.told_by,
        addresses=addresses,
    )


def picture_of(
    state: ManagerState, now: float, *, dialing: int, refused: Mapping[str, int], failed: Mapping[str, int]
) -> PeersSnapshot:
    """Everything at that time, and the counts of dials that are out and of what was refused and failed."""
    peers = tuple(view_of(peer, now) for peer in state.peers)
    return PeersSnapshot(
        peers=peers,
        connected=sum(peer.linked for peer in state.peers),
        ready=sum(peer.up for peer in state.peers),
        outgoing=sum(view.direction is Direction.DIALED for view in peers),
        dialing=dialing,
        refused=dict(refused),
        failed=dict(failed),
        reported=dict(state.reported),
        bans=tuple(BanView(str(ban.target), _known(ban.until), ban.reason) for ban in state.bans if ban.until > now),
        draining=state.draining,
        requirements=views_of(state.needs(), state.peers, state.bans, now),
    )


def _known(time: float) -> float | None:
    return time if math.isfinite(time) else None
