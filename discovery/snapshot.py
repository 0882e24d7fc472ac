"""The picture of the peer manager that operators, metrics and tests read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..transports.endpoint import Endpoint
from .lifecycle import PeerState
from .link import Direction

__all__ = ["AddressView", "PeerView", "PeersSnapshot"]


@dataclass(frozen=True, slots=True)
class AddressView:
    """One address of a peer. Times are those of the loop's clock; `retry_at` is -inf when not waiting."""

    endpoint: Endpoint
    sources: tuple[str, ...]
    failures: int
    retry_at: float
    last_success: float | None


@dataclass(frozen=True, slots=True)
class PeerView:
    """One peer. `roles` is what finders claim, unproven; `last_reason` why it was last left or refused.

    `node_id` is None for a configured address that has not answered yet; `addresses` are in the
    order in which they would be dialed.
    """

    node_id: str | None
    state: PeerState
    up: bool
    persistent: bool
    roles: tuple[str, ...]
    direction: Direction | None
    connections: int
    up_since: float | None
    failures: int
    retry_at: float
    last_reason: str
    addresses: tuple[AddressView, ...]


@dataclass(frozen=True, slots=True)
class PeersSnapshot:
    """Every peer, and the counts that gauges show. They count peers, not addresses or connections."""

    peers: tuple[PeerView, ...]
    connected: int
    ready: int
    outgoing: int
    dialing: int
    #: Attempts that were refused, by reason, since the start.
    refused: Mapping[str, int]
    #: Dials that came back without a connection, by reason, since the start.
    failed: Mapping[str, int]
