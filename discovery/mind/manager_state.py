"""What the parts of the peer manager share: the peers it knows, the bans, and the ways in which a peer goes down."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass, field

from ..facts import Ban, Bans, BanTarget, Changes, CloseConnection, PeerBanned, PeerDown, PeerEvent, PeerUnbanned
from ..peer import KnownPeer, PeerOptions, PeerState, PeerStep
from .peer_store import PeerStore
from .requirements import Needs
from .slots import Slots

__all__ = ["ManagerState"]


@dataclass(slots=True)
class ManagerState:
    """The state of one peer manager, and what more than one of its parts does with it."""

    self_id: str
    options: PeerOptions
    rng: random.Random
    peers: PeerStore
    bans: Bans = field(default_factory=Bans)
    reported: Counter[str] = field(default_factory=Counter)
    draining: bool = False

    def slots(self) -> Slots:
        """The slots as they are held now."""
        return Slots.count(self.peers, self.options)

    def needs(self) -> Needs:
        """What the requirements lack now."""
        return Needs(self.options.requires, self.peers)

    def keeps(self, node_id: str) -> bool:
        """Whether a slot is kept for that node."""
        peer = self.peers.get(node_id)
        return node_id in self.options.unconditional if peer is None else peer.kept

    def evict(self, peer: KnownPeer, reason: str, now: float) -> Changes:
        """Part with a peer. It is down from now on, and holds its slot until its last connection is gone."""
        if not peer.linked or peer.state is PeerState.EVICTING or peer.node_id is None:
            return Changes()
        self.prove_stable(peer, now)
        peer.step(PeerStep.EVICT)
        peer.seen, peer.last_reason, peer.replaces = now, reason, None
        closed = tuple(CloseConnection(peer.node_id, connection.key, reason) for connection in peer.connections)
        return Changes(self.announce_down(peer, reason, now), closed)

    def ban(self, ban: Ban, now: float) -> Changes:
        """Have nothing to do with a node or network until the ban ends; connections to it are closed."""
        changes = Changes((*map(PeerUnbanned, self.bans.add(ban, now)), PeerBanned(ban)))
        for peer in tuple(self.peers):
            if peer.linked and self.bans.of(peer.node_id, peer.host, now) is not None:
                changes += self.evict(peer, "banned", now)
        return changes

    def lift(self, target: BanTarget, now: float) -> Changes:
        """End a ban: whom it held back may be dialed at once."""
        held = [peer for peer in self.peers if peer.state is PeerState.IDLE and self._is_banned(peer, now)]
        if not self.bans.lift(target):
            return Changes()
        for peer in held:
            if not self._is_banned(peer, now):
                peer.wake()
                peer.hurry(now)
                peer.last_reason = ""
        return Changes((PeerUnbanned(target),))

    def _is_banned(self, peer: KnownPeer, now: float) -> bool:
        hosts = [peer.host, *(address.endpoint.host for address in peer.addresses if address.endpoint.direct)]
        return any(self.bans.of(peer.node_id, host, now) is not None for host in hosts)

    def expire_bans(self, now: float) -> Changes:
        """End the bans whose time has come."""
        return Changes(tuple(map(PeerUnbanned, self.bans.expire(now))))

    def shed(self, reason: str, now: float, most: int | None = None, first: KnownPeer | None = None) -> Changes:
        """Part with the lowest-ranked ordinary peers where there are more than slots, with at most `most` of them.

        `first`: with that one before all others.
        """
        changes = Changes()
        ordinary = [p for p in self.peers if p.linked and not p.kept]
        staying = [p for p in ordinary if p.state is not PeerState.EVICTING]
        too_many = max(0, self.slots().overflow - (len(ordinary) - len(staying)))
        claimed = {peer.replaces for peer in self.peers if peer.replaces is not None}
        needs = self.needs()
        staying.sort(
            key=lambda peer: (
                peer is not first,
                peer.node_id in claimed,
                not needs.spares(peer),
                peer.rank(now),
                -peer.linked_at,
            )
        )
        # A newcomer that will take somebody's place when it is ready is not too many yet.
        too_many -= sum(peer.replaces is not None for peer in staying)
        for peer in staying[: max(0, too_many if most is None else min(most, too_many))]:
            changes += self.evict(peer, reason, now)
        return changes

    def shed_outgoing(self, reason: str, now: float) -> Changes:
        """Part with the lowest-ranked ordinary peer that we dialed, where there are more than `max_outgoing`."""
        outgoing = [p for p in self.peers if p.linked and p.outgoing and not p.kept]
        staying = [p for p in outgoing if p.state is not PeerState.EVICTING and p.replaces is None]
        if self.options.max_outgoing is None or len(staying) <= self.options.max_outgoing:
            return Changes()
        needs = self.needs()
        least = min(staying, key=lambda peer: (not needs.spares(peer), peer.rank(now), -peer.linked_at))
        return self.evict(least, reason, now)

    def prove_stable(self, peer: KnownPeer, now: float) -> bool:
        """Whether the peer was up for long; if so, forgive its failures."""
        if peer.up_since is None or now - peer.up_since < self.options.stable_after:
            return False
        peer.backoff.reset()
        peer.addresses.proved_stable()
        return True

    def announce_down(self, peer: KnownPeer, reason: str, now: float) -> tuple[PeerEvent, ...]:
        """The fact for subscribers, if they were told that it is up and it is not any more."""
        if peer.announced is None or peer.up or peer.node_id is None:
            return ()
        peer.connected_for += 0.0 if peer.up_since is None else now - peer.up_since
        peer.announced = peer.up_since = None
        self._hurry(now)
        return (PeerDown(peer.node_id, reason),)

    def _hurry(self, now: float) -> None:
        """Where nobody is up any more, dial seeds and those that were connected before once, without more waiting."""
        if any(peer.up for peer in self.peers):
            return
        for peer in self.peers:
            if peer.state is PeerState.IDLE and (peer.addresses.seed or peer.last_connected > -math.inf):
                peer.hurry(now)
