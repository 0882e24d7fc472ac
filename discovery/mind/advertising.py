"""Which peers this node may tell others of."""

# Law 1. Only a peer that was connected to us is told of, and only addresses where we reached it ourselves, or its own
#        record.
# Law 2. Private, banned and inactive peers are never told of, nor is a peer told of itself.
# Law 3. The best are told first; equals by lot, so that not everybody learns the same few.

from __future__ import annotations

import math
import random
from collections.abc import Iterable

from ..facts import Bans
from ..peer import KnownPeer
from ..records import Advert

__all__ = ["adverts", "role_of", "roles_of"]


def adverts(
    peers: Iterable[KnownPeer],
    to: str,
    limit: int,
    *,
    role: str | None,
    myself: Advert | None,
    bans: Bans,
    now: float,
    epoch: float,
    rng: random.Random,
) -> tuple[Advert, ...]:
    """At most `limit` nodes for the peer `to`, this node itself first where it has something to tell.

    `role`: only those that offer it. `epoch`: the calendar's time, at which records may have expired.
    """
    told: list[Advert] = []
    if myself is not None and (role is None or role in myself.roles):
        told.append(myself)
    found: list[tuple[float, float, Advert]] = []
    for peer in peers:
        if peer.node_id is None or peer.node_id == to or _is_private(peer) or peer.inactive:
            continue
        if peer.last_connected == -math.inf or bans.of(peer.node_id, peer.host, now) is not None:
            continue
        record = peer.record if peer.record is not None and peer.record.expires > epoch else None
        verified = tuple(e for e in peer.addresses.verified if bans.of(None, e.host, now) is None)
        roles = roles_of(peer)
        if (verified or record is not None) and (role is None or role in roles):
            advert = Advert(
                node_id=peer.node_id, verified=verified, roles=tuple(sorted(roles)), record=record, host=peer.host
            )
            found.append((-peer.rank(now), rng.random(), advert))
    found.sort(key=lambda one: one[:2])
    return tuple(told + [advert for _, _, advert in found])[:limit]


def _is_private(peer: KnownPeer) -> bool:
    """By this node's operator, or by the peer's own word."""
    return peer.private or (peer.record is not None and peer.record.private)


def roles_of(peer: KnownPeer) -> frozenset[str]:
    """The names of what a peer offers: by its handshake, else by its record, else as finders claim.

    Of what was only claimed, that which could be believed: it says whom to dial, and nothing else.
    """
    offered = peer.offered
    if offered is not None:
        return frozenset(map(role_of, offered))
    claimed = peer.roles if peer.record is None else peer.record.roles
    could, node_id = peer.rules.permissions.may_come_to_believe, peer.node_id
    return frozenset(role for role in map(role_of, claimed) if could(role, node_id))


def role_of(capability: str) -> str:
    """The role's name in the text of a capability."""
    return capability.partition("{")[0]
