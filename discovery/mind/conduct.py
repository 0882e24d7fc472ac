"""What follows from how a peer behaves: points, and a ban for a peer that falls too low."""

from __future__ import annotations

from ..facts import WEIGHTS, Ban, Changes, ScoreReason
from ..peer import KnownPeer
from .manager_state import ManagerState

__all__ = ["misbehaved", "useful"]


def misbehaved(state: ManagerState, node_id: str, reason: ScoreReason, now: float) -> Changes:
    """Somebody on this node reports a peer for that. Nothing is done about nodes that are not known.

    A peer that falls to `ban_score` is banned for `ban_time` with that reason, and where that is 0 only parted with,
    unless the operator wants it or fixed its score. Raises ValueError for a reason that costs no points.
    """
    if WEIGHTS[reason] >= 0:
        raise ValueError(f"{reason.value} is no misbehaviour")
    peer = state.peers.get(node_id)
    if peer is None:
        return Changes()
    state.reported[reason.value] += 1
    peer.score.add(reason, now)
    fixed = peer.kept or peer.fixed_score is not None
    if fixed or peer.score.value(now) > state.options.ban_score or state.bans.of(node_id, None, now):
        return Changes()
    if not state.options.ban_time:
        return state.evict(peer, reason.value, now)
    return state.ban(Ban(node_id, now + state.options.ban_time, reason.value, now, automatic=True), now)


def useful(state: ManagerState, node_id: str, now: float, times: int) -> KnownPeer | None:
    """A peer did what a good peer does. It never gets to the rank of those that the operator wants."""
    peer = state.peers.get(node_id)
    if peer is not None:
        state.reported[ScoreReason.USEFUL.value] += times
        peer.score.add(ScoreReason.USEFUL, now, times)
    return peer
