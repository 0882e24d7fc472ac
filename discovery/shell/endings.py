"""What the end of a connection says of its peer: that it broke the protocol, or that its identity runs twice."""

from __future__ import annotations

from ...actors.base import get_logger
from ...transports.connection import SUPERSEDED, ConnectionEnded
from ...transports.wire import FLOOD
from ..facts import Changes, PeerDown, ScoreReason
from ..mind import PeerManager

__all__ = ["judge_end"]

log = get_logger("peerbus.discovery")

#: Why a connection ended whose place, for the peer, another one took.
USURPED = f"peer_{SUPERSEDED}"


def judge_end(node: str, manager: PeerManager, event: ConnectionEnded, changes: Changes, now: float) -> Changes:
    """Charge the peer for a fault on the wire, each one. `changes` followed from the end; `node` is for the log."""
    if event.reason == USURPED and any(isinstance(change, PeerDown) for change in changes.events):
        log.warning(
            "the peer has a newer connection, and not with this node",
            node=node,
            peer=event.peer_id,
            what="another process runs with the same identity: make each its own with `peerbus keygen`",
        )
    if not event.fault:
        return Changes()
    reason = ScoreReason.FLOOD if event.reason == FLOOD else ScoreReason.PROTOCOL
    return manager.misbehaved(event.peer_id, reason, now)
