"""Which peers may be dialed, at which address, and when."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...transports.streams import Endpoint
from ..facts import MAX_SCORE, Bans
from ..peer import UP, KnownPeer, PeerAddress, PeerState
from .advertising import roles_of
from .eviction import makes_room
from .requirements import Needs
from .slots import Slots
from .upgrade import PeerUpgrade, next_upgrade

__all__ = ["Choice", "choices", "nobody_new_fits"]


@dataclass(frozen=True, slots=True)
class Choice:
    """This peer may be dialed at that address from the time `due` on. `replaces`: the peer whose place it takes."""

    peer: KnownPeer
    address: PeerAddress
    due: float
    kept: bool
    rank: float
    replaces: KnownPeer | None = None
    needed: bool = False
    #: How many that were never connected are known from where it was heard of.
    crowd: int = 0


def choices(peers: Iterable[KnownPeer], slots: Slots, bans: Bans, needs: Needs, now: float) -> list[Choice]:
    """Every peer that only time keeps from being dialed.

    The operator's first, then those that a requirement lacks, then the highest rank, then those of whom few others were
    heard from the same place, then the longest due, then by lot.
    Of its addresses that are due the best is chosen, else the one that is due first. A place that is being dialed, or
    where a connection that we dialed leads, is left out under any other name; so is a peer that is banned, or inactive
    unless it is persistent. Seeds are there only while nobody else is or can be dialed now; while nobody is up, or a
    requirement is lacking, their cooldown does not count.
    """
    everyone = list(peers)
    for_kept, for_others = slots.may_dial(kept=True) and slots.reserved > 0, slots.may_dial(kept=False)
    lowest = None
    if not for_others and slots.may_dial_to_replace():
        lowest = _upgrade_for_a_dial(everyone, slots, needs, now)
    if not for_kept and not for_others and lowest is None:
        return []
    busy = set(_places_in_use(everyone))
    alone = bool(needs.lacking) or not any(peer.state in UP for peer in everyone)
    crowds = Counter(peer.crowd for peer in everyone if peer.crowd and peer.last_connected == -math.inf)
    found, seeds = list[Choice](), list[Choice]()
    for peer in everyone:
        if peer.state is not PeerState.IDLE or (peer.inactive and not peer.persistent):
            continue
        kept, upgrade = peer.kept, None
        needed = bool(needs.requires) and not kept and needs.helps(roles_of(peer))
        if not (for_kept if kept else for_others):
            if kept or lowest is None or not (needed or lowest.allows(peer.rank(now))):
                continue
            upgrade = lowest
        address, due = _best_address(peer, busy, bans, now, alone=alone)
        if address is None:
            continue
        # A peer that is not due is not dialed now: nobody asks for its rank.
        rank = MAX_SCORE if kept else peer.rank(now) if due <= now else 0.0
        if upgrade is not None and not needed:
            due = max(due, upgrade.free_at)
        victim = None if upgrade is None else upgrade.victim
        crowd = crowds[peer.crowd] if peer.last_connected == -math.inf else 0
        choice = Choice(peer, address, due, kept, rank, victim, needed, crowd)
        (seeds if peer.addresses.seed and not kept else found).append(choice)
    if seeds and not any(choice.due <= now for choice in found) and not any(map(_dialed_ordinarily, everyone)):
        found += seeds
    return sorted(found, key=_order)


def _order(choice: Choice) -> tuple[object, ...]:
    return not choice.kept, not choice.needed, -choice.rank, choice.crowd, choice.due, choice.peer.lot


def nobody_new_fits(peers: Iterable[KnownPeer], slots: Slots, needs: Needs, now: float) -> bool:
    """Whether a node that is heard of for the first time cannot be dialed, whichever it is."""
    if slots.may_dial(kept=False):
        return False
    upgrade = _upgrade_for_a_dial(list(peers), slots, needs, now) if slots.may_dial_to_replace() else None
    return upgrade is None or not (needs.lacking or upgrade.allows(0.0))


def _upgrade_for_a_dial(peers: list[KnownPeer], slots: Slots, needs: Needs, now: float) -> PeerUpgrade | None:
    victim = makes_room(peers, now, needs=needs) if slots.outgoing_reserved else None
    if victim is not None:
        return PeerUpgrade(victim, -math.inf, -math.inf)
    return next_upgrade(peers, slots.options, now, needs=needs, outgoing=slots.outgoing_full)


def _dialed_ordinarily(peer: KnownPeer) -> bool:
    return peer.state is PeerState.DIALING and not peer.addresses.seed


def _best_address(
    peer: KnownPeer, busy: set[Endpoint], bans: Bans, now: float, *, alone: bool
) -> tuple[PeerAddress | None, float]:
    """The address to dial and when; a ban only puts it off, one for ever leaves nothing."""
    ban = bans.of(peer.node_id, None, now)
    not_before = peer.retry_alone_at if alone else peer.retry_at
    if ban is not None:
        not_before = max(not_before, ban.until)
    address, due = None, 0.0
    for one in peer.addresses:
        if one.endpoint in busy:
            continue
        ban = bans.of(None, one.endpoint.host, now)
        ready_at = max(one.backoff.until, not_before if ban is None else ban.until, not_before)
        if ready_at < math.inf and (address is None or ready_at < due > now):
            address, due = one, ready_at
    return address, due


def _places_in_use(peers: Iterable[KnownPeer]) -> Iterator[Endpoint]:
    for peer in peers:
        if peer.state is PeerState.IDLE:
            continue
        if peer.dial is not None:
            yield peer.dial.endpoint
        for connection in peer.connections:
            if connection.endpoint is not None:
                yield connection.endpoint
