"""Which peer leaves for a stranger when all places are taken: one of a crowd, and none that was here for long."""

# As Bitcoin chooses whom to evict. Law 1: the best by rank, and the half of those that dialed us that is here longest,
#        are protected, as an attacker cannot make time pass.
# Law 2: of the others it is the youngest of the largest crowd, where that has more than the newcomer's would have; then
#        the same by networks. So one address, and one network, gets no more than others want.
# Law 3: for a dial of ours, while we have fewer than are reserved, it is anybody who is not protected.

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from ..peer import KnownPeer, PeerState
from .crowds import crowd_of, network_of
from .requirements import Needs

__all__ = ["at_address", "crowded_out", "makes_room"]

#: Of those with a rank above 0 that dialed us, the best are protected.
_BEST = 4


def crowded_out(peers: Iterable[KnownPeer], host: str | None, now: float, *, needs: Needs) -> KnownPeer | None:
    """The peer that leaves for a newcomer from that host, so that crowds are more alike; None: none does."""
    there = _that_dialed_us(peers)
    exposed = _exposed(there, now, needs)
    return _of_largest(crowd_of, there, exposed, host) or _of_largest(network_of, there, exposed, host)


def makes_room(
    peers: Iterable[KnownPeer], now: float, *, needs: Needs, newcomer: KnownPeer | None = None
) -> KnownPeer | None:
    """The peer that leaves for one that we dial ourselves, out of what is reserved for that.

    What `newcomer` has claimed itself counts as free.
    """
    there = _that_dialed_us(peers, newcomer)
    crowds = Counter(crowd_of(peer.host) for peer in there)
    return max(
        _exposed(there, now, needs), key=lambda peer: (crowds[crowd_of(peer.host)], peer.linked_at), default=None
    )


def at_address(peers: Iterable[KnownPeer], host: str | None) -> int:
    """How many that dialed us are at that address."""
    crowd = crowd_of(host)
    return sum(crowd_of(peer.host) == crowd for peer in _that_dialed_us(peers)) if crowd else 0


def _that_dialed_us(peers: Iterable[KnownPeer], newcomer: KnownPeer | None = None) -> list[KnownPeer]:
    everyone = list(peers)
    claimed = {peer.replaces for peer in everyone if peer is not newcomer and peer.replaces is not None}
    return [
        peer
        for peer in everyone
        if peer.linked
        and peer.state is not PeerState.EVICTING
        and not peer.kept
        and not peer.outgoing
        and peer.node_id not in claimed
    ]


def _exposed(there: list[KnownPeer], now: float, needs: Needs) -> list[KnownPeer]:
    """Those that are not protected."""
    best = sorted((peer for peer in there if peer.rank(now) > 0.0), key=lambda peer: -peer.rank(now))[:_BEST]
    young = sorted(there, key=lambda peer: peer.linked_at)[len(there) // 2 :]
    return [peer for peer in young if not any(peer is one for one in best) and needs.spares(peer)]


def _of_largest(
    group_of: Callable[[str | None], str | None],
    there: list[KnownPeer],
    exposed: list[KnownPeer],
    host: str | None,
) -> KnownPeer | None:
    mine = group_of(host)
    if not mine:
        return None
    sizes = Counter(group for peer in there if (group := group_of(peer.host)))
    others = [peer for peer in exposed if sizes.get(group_of(peer.host) or "", 0) > sizes.get(mine, 0) + 1]
    return max(others, key=lambda peer: (sizes[group_of(peer.host) or ""], peer.linked_at), default=None)
