"""How the table of peers becomes the picture of it for operators."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from operator import itemgetter

from ..facts import Bans, Direction
from ..peer import KnownPeer, PeerState
from .clock_offset import clock_offset
from .manager_state import ManagerState
from .requirements import views_of
from .snapshot import AddressView, BanView, PeerPage, PeersSnapshot, PeerView
from .wall_clock import WallClock

__all__ = ["PeerFilter", "key_of", "page_of_peers", "picture_of", "view_of"]


@dataclass(frozen=True, slots=True)
class PeerFilter:
    """Which peers are looked for: those with `match` in id, roles or addresses, whichever case, or that are called so.

    `called`: ids of those with that text in their names; `state`: only those that are in it.
    """

    match: str = ""
    called: Container[str] = ()
    state: PeerState | None = None

    def takes(self, peer: KnownPeer) -> bool:
        """That one is among them."""
        if self.state is not None and peer.state is not self.state:
            return False
        if not self.match or (peer.node_id is not None and peer.node_id in self.called):
            return True
        wanted = self.match.lower()
        said = (peer.node_id or "", *(peer.roles if peer.offers is None else peer.offers))
        return any(wanted in text.lower() for text in (*said, *(str(each.endpoint) for each in peer.addresses)))


def view_of(peer: KnownPeer, now: float, wall: WallClock, bans: Bans) -> PeerView:
    """The picture of one peer at that time, by the calendar `wall`. One that is banned waits for the end of its ban."""
    ban = None if peer.linked else bans.of(peer.node_id, peer.host, now)
    date = partial(_date, wall)
    addresses = tuple(
        AddressView(
            endpoint=address.endpoint,
            sources=tuple(sorted(address.sources)),
            failures=address.backoff.failures,
            retry_at=date(address.backoff.until),
            last_success=date(address.last_success),
            last_failure=date(address.last_failure),
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
        roles=peer.claims[0],
        disbelieved=peer.claims[1],
        offers=peer.offered,
        direction=peer.connections[0].direction if peer.connections else None,
        connections=len(peer.connections),
        up_since=None if peer.up_since is None else date(peer.up_since),
        last_connected=date(peer.last_connected),
        failures=peer.backoff.failures,
        retry_at=date(peer.retry_at if ban is None else ban.until),
        last_reason=peer.last_reason if ban is None else "banned",
        told_by=peer.told_by,
        addresses=addresses,
    )


def picture_of(
    state: ManagerState,
    now: float,
    *,
    dialing: int,
    refused: Mapping[str, int],
    failed: Mapping[str, int],
    wall: WallClock,
    limit: int | None = None,
) -> PeersSnapshot:
    """Everything at that time, and the counts of dials that are out and of what was refused and failed.

    `limit`: peers that are listed, those with connections first; None: all. What is counted counts all. `wall`: this
    node's calendar, by which times are told.
    """
    listed: Iterable[KnownPeer] = state.peers
    if limit is not None:
        listed = islice(chain(_linked(state.peers, True), _linked(state.peers, False)), limit)
    return PeersSnapshot(
        peers=tuple(view_of(peer, now, wall, state.bans) for peer in listed),
        known=len(state.peers),
        states=dict(Counter(peer.state.value for peer in state.peers)),
        connected=sum(peer.linked for peer in state.peers),
        ready=sum(peer.up for peer in state.peers),
        outgoing=sum(
            bool(peer.connections) and peer.connections[0].direction is Direction.DIALED for peer in state.peers
        ),
        dialing=dialing,
        refused=dict(refused),
        failed=dict(failed),
        reported=dict(state.reported),
        bans=tuple(
            BanView(str(ban.target), _date(wall, ban.until), ban.reason) for ban in state.bans if ban.until > now
        ),
        clock_offset=clock_offset(state.peers, wall)[0],
        draining=state.draining,
        requirements=views_of(state.needs(), state.peers, state.bans, now, state.slots()),
    )


def page_of_peers(
    state: ManagerState, now: float, after: str, limit: int, wall: WallClock, only: PeerFilter
) -> PeerPage:
    """The first `limit` peers behind the key `after` that `only` takes, in the order of their keys; see `PeerPage`."""
    keyed = ((key_of(peer), peer) for peer in state.peers)
    behind = (each for each in keyed if each[0] > after and only.takes(each[1]))
    found = heapq.nsmallest(limit + 1, behind, key=itemgetter(0))
    views = tuple(view_of(peer, now, wall, state.bans) for _, peer in found[:limit])
    return PeerPage(views, found[limit - 1][0] if len(found) > limit > 0 else None)


def key_of(peer: KnownPeer) -> str:
    """What a peer is listed by: its node id, or the address that has not answered yet."""
    return peer.node_id or next((str(address.endpoint) for address in peer.addresses), "")


def _linked(peers: Iterable[KnownPeer], linked: bool) -> Iterator[KnownPeer]:
    return (peer for peer in peers if peer.linked is linked)


def _date(wall: WallClock, time: float) -> float | None:
    return wall.epoch(time) if math.isfinite(time) else None
