"""The picture of the peer manager that operators, metrics and tests read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...transports.streams import Endpoint
from ..facts import Direction
from ..peer import PeerState
from .requirements import RequirementView

# What a snapshot consists of becomes JSON as it is, by msgspec or by dataclasses.asdict and json: no mapping but dict,
# no number that JSON has not, no other type.

__all__ = ["AddressView", "BanView", "PeerPage", "PeerView", "PeersSnapshot"]


@dataclass(frozen=True, slots=True)
class BanView:
    """One ban: a node id, an address or a network as text. `until`: seconds since 1970, None is for ever."""

    target: str
    until: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class AddressView:
    """One address of a peer. Times are seconds since 1970; `retry_at` is None when not waiting."""

    endpoint: Endpoint
    sources: tuple[str, ...]
    failures: int
    retry_at: float | None
    last_success: float | None
    last_failure: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerView:
    """One peer. `roles` is what finders claim, unproven; `offers` what its last handshake said, None if there was none.
    Of both only what this node's rules believe; `disbelieved` is what finders claim, and it does not.

    `node_id` is None for a configured address that has not answered yet; `addresses` are in the
    order in which they would be dialed. `score` is what the peer is ranked by, and `why` the points behind it, by
    reason, the weightiest first: they do not add up to it where the operator fixed it or dials failed.
    `last_reason` is why it was last left or refused, `inactive` why it is not dialed any more ("" where it is).
    Times are seconds since 1970.
    """

    node_id: str | None
    state: PeerState
    up: bool
    persistent: bool
    unconditional: bool
    private: bool
    seed: bool
    inactive: str
    score: float
    why: tuple[tuple[str, float], ...]
    fixed_score: float | None
    roles: tuple[str, ...]
    disbelieved: tuple[str, ...]
    offers: tuple[str, ...] | None
    direction: Direction | None
    connections: int
    up_since: float | None
    last_connected: float | None
    failures: int
    retry_at: float | None
    last_reason: str
    told_by: str | None
    addresses: tuple[AddressView, ...]


@dataclass(frozen=True, slots=True)
class PeerPage:
    """Some peers in the order of their node ids (addresses that have not answered yet by their text).

    `next`: what to give as `after` for those behind; None: there are no more.
    """

    peers: tuple[PeerView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeersSnapshot:
    """The peers that are listed, and the counts that gauges show. They count all peers, not addresses or connections.

    `known`: peers in all; `states` has them by the value of `PeerState`.
    """

    peers: tuple[PeerView, ...]
    known: int
    states: Mapping[str, int]
    connected: int
    ready: int
    outgoing: int
    dialing: int
    #: Attempts that were refused, by reason, since the start.
    refused: Mapping[str, int]
    #: Dials that came back without a connection, by reason, since the start.
    failed: Mapping[str, int]
    #: What peers were reported for, by reason, since the start.
    reported: Mapping[str, int]
    bans: tuple[BanView, ...]
    requirements: tuple[RequirementView, ...]
    #: Seconds by which the calendars of connected peers are ahead of this node's, the median of them, as far as they
    #: said so in their handshakes; None: nobody has, or most differ. Behind is below 0.
    clock_offset: float | None
    #: New connections are refused and nobody is dialed, as the operator said so.
    draining: bool
