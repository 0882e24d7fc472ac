"""The peers that the manager knows: nodes by id, and addresses named without one that have not answered yet."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from itertools import chain
from zlib import crc32

from ...transports.rules import PeerRules
from ...transports.streams import Endpoint
from ..facts import Candidate, Dial, Score
from ..peer import CONFIGURED, REACHED, SEED, KnownPeer, PeerOptions, PeerState
from .crowds import crowd_of, network_of
from .pins import Pins
from .said_places import SaidPlaces

__all__ = ["PeerStore"]

_OPERATORS = frozenset({CONFIGURED, SEED})
#: Of the entries, the part that one peer may fill with nodes that we never met, and the part of all in its network.
TELLER_SHARE, NETWORK_SHARE = 8, 4
#: At least that many, so that a small store can learn at all; and that many where the store has no limit.
FEWEST_TOLD, MOST_TOLD = 4, 64
#: The part of the entries that one look finds to be forgotten: with 1 000 nodes in sight of a store of 100, a look for
#: each took three quarters of the time.
LEAST_SHARE = 16


class PeerStore:
    """At most `options.max_known` entries (None = no limit): of the idle ones the least is forgotten first.

    That is one that has not proven itself, of those one of the largest crowd, then the one of lowest rank, then the
    longest unheard of: keys that come and go push out each other, and not those that were here for long (Bitcoin's
    addrman, its tables of tried and of new). In a large store one look names the next few. This node itself is never an
    entry. Peers that the operator named, and peers that are connected or being dialed, are never forgotten; the
    operator's are entered even beyond the limit.
    """

    __slots__ = ("_learned", "_least", "_nameless", "_options", "_peers", "_places", "_self_id", "pins", "rules")

    def __init__(self, self_id: str, options: PeerOptions, rules: PeerRules | None = None) -> None:
        #: What peers may do.
        self.rules = rules or PeerRules()
        self._self_id = self_id
        self._options = options
        self._peers: dict[str, KnownPeer] = {}
        self._nameless: dict[Endpoint, KnownPeer] = {}
        #: The peer that is forgotten next and when it was last heard of, as of the last look; the first to go stands
        #: last.
        self._least: list[tuple[KnownPeer, float]] = []
        #: Addresses that were configured without an id, and the node that answered there last.
        self._learned: dict[Endpoint, str] = {}
        #: Places that finders say without a node, by their source.
        self._places = SaidPlaces()
        #: Which nodes answered first at addresses that were configured without an id.
        self.pins = Pins(options.pin)

    def __iter__(self) -> Iterator[KnownPeer]:
        return chain(self._peers.values(), self._nameless.values())

    def __len__(self) -> int:
        return len(self._peers) + len(self._nameless)

    def get(self, node_id: str) -> KnownPeer | None:
        """The peer of that id."""
        return self._peers.get(node_id)

    def has(self, peer: KnownPeer) -> bool:
        """Whether this is an entry still: an address that has no id yet ends as one where a node is found there."""
        if peer.node_id is not None:
            return self._peers.get(peer.node_id) is peer
        return any(self._nameless.get(address.endpoint) is peer for address in peer.addresses)

    def proven_hosts(self, now: float) -> frozenset[str]:
        """Where peers are that have proven themselves, and those that the operator named, as far as that is known."""
        found: set[str] = set()
        for peer in self:
            if peer.kept or peer.is_proven(now, self._options):
                found.update(() if peer.host is None else (peer.host,))
                found.update(one.endpoint.host for one in peer.addresses if one.last_success > -float("inf"))
        return frozenset(found)

    def remember(self, node_id: str, now: float, *, always: bool = False, crowd: str = "") -> KnownPeer | None:
        """The peer of that id, entered if need be; None if there is no room. `crowd`: where it comes from."""
        peer = self._peers.get(node_id)
        if peer is None and (self._make_room(now) or always):
            peer = self._peers[node_id] = self._new(node_id, now)
            peer.crowd = crowd
        return peer

    def forget(self, node_id: str) -> None:
        """Drop the entry of an idle peer."""
        # A new dict: a walk over the old one is not disturbed.
        self._peers = {key: peer for key, peer in self._peers.items() if key != node_id}

    def learn(self, candidate: Candidate, now: float) -> bool:
        """Enter what a finder said; True if the node or one of its addresses is new."""
        node_id, teller = candidate.node_id, candidate.told_by
        if node_id is None:
            return self._learn_places(candidate, now)
        endpoints = [e for e in candidate.endpoints if e.peer_id in (None, node_id)]
        known = self._peers.get(node_id)
        if node_id == self._self_id or (known is None and not endpoints):
            return False
        source = candidate.source if teller is None else f"{candidate.source}:{teller}"
        if known is None:
            if teller is not None and not self._make_room_for(teller, now):
                return False
            crowd = candidate.heard_from if teller is None else self._crowd_of(teller)
            known = self.remember(node_id, now, crowd=crowd)
            if known is None:
                return False
            if teller is not None:
                known.told_by, known.told_from = teller, self._network_of(teller)
        record = candidate.record
        newer = record is not None and (known.record is None or record.sequence > known.record.sequence)
        # What one tells of another counts where nobody knows better, unless the other one signed it.
        if newer or teller is None or not known.roles:
            if known.roles != candidate.roles and not known.linked:
                known.offers = None  # what it said in its last handshake may be so no longer
            known.roles = candidate.roles
        if newer:
            known.record = record
        known.seen = now
        return known.addresses.replace(endpoints, source, candidate.way)

    def _learn_places(self, candidate: Candidate, now: float) -> bool:
        """Enter places whose nodes are not known; True if one is new."""
        new, source = False, candidate.source
        gone = self._places.replace(source, (e for e in candidate.endpoints if e.peer_id is None))
        for place in gone:
            learned = self._peers.get(self._learned.get(place, ""))
            peer = self._nameless.get(place) or learned
            if peer is not None:
                peer.addresses.withdraw(place, source)
            address = None if peer is None else peer.addresses.find(place)
            if not self._places.of(place) and not (address is not None and _OPERATORS & address.sources):
                self._learned.pop(place, None)
            if peer is not None and peer.node_id is None and address is None:
                del self._nameless[place]
        for place in self._places.said_by(source):
            new = self._enter(place, source, candidate, now) or new
        return new

    def _enter(self, place: Endpoint, source: str, candidate: Candidate | None, now: float) -> bool:
        """A place that a finder says without a node: the one that was met there, or an entry without a name."""
        way = None if candidate is None else candidate.way
        who = self._learned.get(place, "")
        peer = self._peers.get(who) or self._nameless.get(place)
        if peer is not None or who == self._self_id:
            return peer is not None and peer.addresses.add(place, source, way)
        if not self._make_room(now):
            return False
        peer = self._nameless[place] = self._new(None, now)
        # All that one source says so are of one crowd: they push out each other, and are dialed some at a time.
        peer.crowd = (candidate.heard_from if candidate is not None else "") or source
        peer.lot = crc32(str(place).encode(), crc32(self._self_id.encode()))
        return peer.addresses.add(place, source, way)

    def _open_again(self, place: Endpoint, sources: Iterable[str], now: float) -> None:
        """Whoever answers at that place next is what was meant by those that named it without a node."""
        for source in {CONFIGURED, SEED}.intersection(sources):
            self.configure(place, now, source)
        for source in self._places.of(place):
            self._enter(place, source, None, now)

    def is_configured(self, endpoint: Endpoint) -> bool:
        """Whether adding this endpoint to the configuration would need no further slot."""
        place = endpoint.without_peer()
        peer = self._peers.get(endpoint.peer_id or self._learned.get(place, ""))
        nameless = self._nameless.get(place)
        return (nameless is not None and nameless.persistent) or (peer is not None and peer.kept)

    def configure(self, endpoint: Endpoint, now: float, source: str = CONFIGURED) -> bool:
        """Enter an address that the operator wrote down; True if it is new."""
        place = endpoint.without_peer()
        if endpoint.peer_id is not None:
            peer = self.remember(endpoint.peer_id, now, always=True)
            return peer is not None and peer.addresses.configure(place, source)
        pinned = self.pins.of(place)
        if pinned is not None:
            self._learned[place] = pinned
            self.remember(pinned, now, always=True)
        peer = self._nameless.get(place) or self._peers.get(self._learned.get(place, ""))
        if peer is None:
            self._make_room(now)
            peer = self._nameless[place] = self._new(None, now)
        return peer.addresses.configure(place, source)

    def unconfigure(self, endpoint: Endpoint, source: str = CONFIGURED) -> KnownPeer | None:
        """Take back an address that the operator wrote down; the peer that it was of, None if there was none."""
        place = endpoint.without_peer()
        who = endpoint.peer_id or self._learned.get(place, "")
        nameless = self._nameless.get(place) if endpoint.peer_id is None else None
        peer = nameless or self._peers.get(who) or self._nameless.get(place)
        address = peer.addresses.find(place) if peer is not None else None
        if peer is None or address is None or source not in address.sources:
            return None
        worked = address.last_success
        peer.addresses.withdraw(place, source)
        if peer.node_id is None:
            if not peer.addresses:
                self._nameless.pop(place, None)
        elif not any({CONFIGURED, SEED} & one.sources for one in peer.addresses if one.endpoint == place):
            self._learned.pop(place, None)
            if peer.addresses.find(place) is None and worked > -float("inf"):
                # The operator does not insist any more, but the peer did answer there.
                peer.addresses.add(place, REACHED)
                again = peer.addresses.find(place)
                if again is not None:
                    again.last_success = worked
        return peer

    def answered(self, endpoint: Endpoint, node_id: str, now: float) -> KnownPeer | None:
        """This node answered at an address that was named without an id: it is what was meant.

        A name that is a seed's stays a name: who else is there is found the next time that it is dialed.
        """
        named = self._nameless.get(endpoint) if endpoint.is_name else None
        if named is not None and named.addresses.seed and not named.persistent:
            self._learned[endpoint] = node_id
            return named
        nameless = self._nameless.pop(endpoint, None)
        said = nameless.addresses.find(endpoint) if nameless is not None else None
        sources = said.sources if said is not None else {REACHED} if nameless is None else set[str]()
        operators = bool(_OPERATORS & sources)
        if operators:
            self.pins.answered(endpoint, node_id)
        self._learned[endpoint] = node_id
        peer = self.remember(node_id, now, always=operators, crowd="" if nameless is None else nameless.crowd)
        if peer is not None:
            for source in sources:
                peer.addresses.add(endpoint, source, None if said is None else said.way)
        return peer

    def has_another(self, peer: KnownPeer, dial: Dial, who: str, now: float, rng: random.Random) -> None:
        """The node there keeps the connection that it has: of one that is connected the place is known to be its."""
        peer.rest(now, self._options, rng)
        known = self.get(who)
        if known is not None and known.linked and dial.node_id is None and not dial.endpoint.is_name:
            self.answered(dial.endpoint, who, now)

    def release(self, peer: KnownPeer, now: float, rng: random.Random) -> None:
        """This node turned us away: the names that led to it may lead to others as well."""
        for name in [one for one, node_id in self._learned.items() if one.is_name and node_id == peer.node_id]:
            address = peer.addresses.find(name)
            del self._learned[name]
            if address is not None:
                peer.addresses.drop(name)
                self._open_again(name, address.sources, now)
            entry = self._nameless.get(name)
            found = None if entry is None else entry.addresses.find(name)
            if entry is not None and found is not None:
                entry.wake()
                found.backoff.failures = max(found.backoff.failures, 0 if address is None else address.backoff.failures)
                found.backoff.failed(now, rng, self._options.retry_persistent)

    def is_self(self, peer: KnownPeer, endpoint: Endpoint) -> None:
        """This node itself answered there: never dial it again."""
        peer.addresses.drop(endpoint)
        self._nameless.pop(endpoint, None)
        self._learned.pop(endpoint, None)
        if self._places.of(endpoint):  # until nobody says it any more
            self._learned[endpoint] = self._self_id

    def is_other(self, peer: KnownPeer, endpoint: Endpoint, now: float) -> bool:
        """Another node than `peer` answered there: True if that address is not the peer's any more.

        An address that was configured without an id and is not pinned is again open to any node that answers. One that
        was configured with an id stays, as the operator said so, and so does one that is pinned.
        """
        address = peer.addresses.find(endpoint)
        if peer.node_id is None or address is None or self.pins.of(endpoint) == peer.node_id:
            return False
        if self._learned.get(endpoint) == peer.node_id:
            del self._learned[endpoint]
            peer.addresses.drop(endpoint)
            self._open_again(endpoint, address.sources, now)
            return True
        if {CONFIGURED, SEED} & address.sources:
            return False
        peer.addresses.drop(endpoint)
        return True

    def unpin(self, node_id: str, now: float) -> bool:
        """Whoever answers next at the addresses where that node was pinned is taken; True if there were any."""
        places = self.pins.forget(node_id)
        for place in places:
            peer, address = self._peers.get(node_id), None
            self._learned.pop(place, None)
            if peer is not None and (address := peer.addresses.find(place)) is not None:
                peer.addresses.drop(place)
                self._open_again(place, address.sources, now)
        return bool(places)

    # Room.

    def _new(self, node_id: str | None, now: float) -> KnownPeer:
        options = self._options
        peer = KnownPeer(node_id, seen=now, score=Score(options.score_half_life), rules=self.rules)
        if node_id is not None:
            # Nodes that start together hear of each other in one order, and would all dial the same few.
            peer.lot = crc32(node_id.encode(), crc32(self._self_id.encode()))
            peer.unconditional = node_id in options.unconditional
            peer.private = node_id in options.private
            peer.fixed_score = options.scores.get(node_id)
        return peer

    def _make_room(self, now: float) -> bool:
        most = self._options.max_known
        return most is None or len(self) < most or self._forget_least(now)

    def _forget_least(self, now: float) -> bool:
        """Forget the least of all; one look at everybody finds the next few."""
        while self._least:
            peer, seen = self._least.pop()
            if peer.seen == seen and _may_go(peer) and self.has(peer):
                self._drop(peer)
                return True
        idle = [peer for peer in self if _may_go(peer)]
        crowds = Counter(peer.crowd for peer in idle if peer.crowd)
        least = nsmallest(
            max(1, len(idle) // LEAST_SHARE),
            idle,
            key=lambda peer: (peer.is_proven(now, self._options), -crowds[peer.crowd], peer.rank(now), peer.seen),
        )
        self._least = [(peer, peer.seen) for peer in reversed(least)]
        return bool(least) and self._forget_least(now)

    def _drop(self, peer: KnownPeer) -> None:
        if peer.node_id is not None:
            self.forget(peer.node_id)
        else:
            self._nameless = {place: each for place, each in self._nameless.items() if each is not peer}

    def _make_room_for(self, teller: str, now: float) -> bool:
        """Whether that peer may tell of one node more; it pays with the least of those that it told of before."""
        most, network = self._options.max_known, self._network_of(teller)
        limits = (MOST_TOLD, MOST_TOLD * TELLER_SHARE // NETWORK_SHARE)
        if most is not None:
            limits = (max(FEWEST_TOLD, most // TELLER_SHARE), max(FEWEST_TOLD, most // NETWORK_SHARE))
        told = [peer for peer in self._peers.values() if peer.told_by == teller]
        if len(told) >= limits[0] and not self._forget_one_of(told, now):
            return False
        nearby = [peer for peer in self._peers.values() if network is not None and peer.told_from == network]
        return len(nearby) < limits[1] or self._forget_one_of(nearby, now)

    def _forget_one_of(self, peers: Iterable[KnownPeer], now: float) -> bool:
        least = min(filter(_may_go, peers), key=lambda peer: (peer.rank(now), peer.seen), default=None)
        if least is not None:
            self._drop(least)
        return least is not None

    def _network_of(self, node_id: str) -> str | None:
        peer = self._peers.get(node_id)
        return None if peer is None else network_of(peer.host)

    def _crowd_of(self, node_id: str) -> str:
        peer = self._peers.get(node_id)
        return "" if peer is None else crowd_of(peer.host)


def _may_go(peer: KnownPeer) -> bool:
    return peer.state is PeerState.IDLE and not peer.kept and not peer.addresses.seed
