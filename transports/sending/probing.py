"""PROBE to a peer: what a reactor there waits for, that a handler here awaits; see `probed` for the other way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lanes import Outbox, RemoteAsk, lane_of
from ..wire import ProbeFrame

if TYPE_CHECKING:
    from ...actors.sends import Search

__all__ = ["pass_on", "place_of"]


def pass_on(wait: object, search: Search, outbox: Outbox, own_id: str, *, inside: bool = False) -> bool:
    """Have the peer look whom its reactor waits for. False: nothing is to be asked."""
    lane, rid = lane_of(wait), wait.rid if isinstance(wait, RemoteAsk) else None
    # One that is not written yet, with the number 0, waits for this node alone.
    if lane is None or lane.awaited or rid == 0 or not search.passes(inside=inside):
        return False
    outbox.control(ProbeFrame(rid or 0, lane.index, search.probe(), search.path(own_id)))
    return True


def place_of(wait: object, peer_id: str) -> str:
    """The address, as text, of the peer's reactor that a send waits for."""
    lane = lane_of(wait)
    return f"bus://{peer_id}/{lane.info.name}" if lane is not None else f"bus://{peer_id}"
