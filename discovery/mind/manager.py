"""The peer manager's mind: it decides which peers to dial, accept and evict, and never dials itself."""

# Law 1. No clock, no randomness, no I/O: `now` and `rng` come from outside, commands and events go out.
# Law 2. Each dial that `dials` hands out comes back exactly once: through `dial_failed` or `authenticated`.
#        Each connection that got `Accept` comes back exactly once, through `disconnected`.
# Law 3. Whatever may make somebody worth a dial, or sooner, says so to the list of dials: see dial_list.
# Law 4. What has two ends is done at its end: a better peer takes a place when it is ready, not when it is dialed.
#
# Three flows, as call sequences:
#   found -> dials -> authenticated(dial) = Accept -> ready [PeerUp] -> disconnected [PeerDown] -> (later) dials
#   found -> dials -> dial_failed -> (after a backoff) dials
#   authenticated(no dial) = Accept -> ready [PeerUp] -> evict [PeerDown, CloseConnection] -> disconnected

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Hashable

from ...actors.base import ConfigError
from ...transports.rules import PeerRules
from ...transports.streams import Endpoint, check_node_id
from ..facts import (
    CONFIGURED_BAN,
    Attempt,
    Ban,
    Candidate,
    Changes,
    CloseConnection,
    Dial,
    Direction,
    PeerConnectionView,
    PeerDown,
    PeerEvent,
    PeerUp,
    Refuse,
    ScoreReason,
    Verdict,
    ban_target,
)
from ..peer import CONFIGURED, SEED, UP, KnownPeer, PeerOptions, PeerState, PeerStep
from ..records import Advert
from .admission import Admission
from .advertising import adverts
from .bookkeeping import Bookkeeping
from .clock_offset import clock_offset
from .conduct import misbehaved, useful
from .dial_list import DialList, Leads
from .good_hosts import GoodHosts
from .levers import Levers
from .manager_state import ManagerState
from .peer_store import PeerStore
from .peer_view import PeerFilter, page_of_peers, picture_of, view_of
from .reasons import bounded
from .requirements import RequirementWatch, views_of
from .snapshot import PeerPage, PeersSnapshot, PeerView
from .wall_clock import WallClock

__all__ = ["PeerManager"]

#: The other of two connections won, so the peer is alive: that is no failure.
NO_FAULT = frozenset({"duplicate", "superseded"})
#: Seconds that a peer is left alone which said that it is full: slots come free in minutes, and a node among full peers
#: would dial for ever (measured: 224 dials a minute in a network of 200 under churn).
FULL_PAUSE = 5.0
#: The two nodes will never agree, however often they try.
INCOMPATIBLE = frozenset({"network", "version"})


class PeerManager:
    """Knows every peer of the node `self_id` and decides, within `options`.

    It has no task and no timer: after each call, ask `dials`, and ask again at `next_due`. Where two connections to one
    peer exist, `beats` chooses, and the losers are closed once the winner is ready. Times are seconds on a monotonic
    clock; `wall`: how the calendar is beside it; `rules`: whose word is taken for a role. Raises ValueError for no id.
    """

    def __init__(
        self,
        self_id: str,
        options: PeerOptions,
        rng: random.Random,
        *,
        wall: WallClock | None = None,
        rules: PeerRules | None = None,
    ) -> None:
        self._self_id = check_node_id(self_id)
        self._options = options
        self._rng = rng
        #: How its clock and the calendar go together.
        self.wall: WallClock = WallClock() if wall is None else wall
        self._peers = PeerStore(self_id, options, rules)
        for node_id in sorted(options.unconditional - {self_id}):
            self._peers.remember(node_id, 0.0, always=True)  # so that its slot is counted before it comes
        self._state = ManagerState(self_id, options, rng, self._peers)
        self._bans = self._state.bans
        for target in map(ban_target, sorted(options.banned - {self_id})):
            self._bans.add(Ban(target, math.inf, CONFIGURED_BAN), -math.inf)
        self._admission = Admission(self._state)
        self._levers = Levers(self._state)
        self._watch = RequirementWatch()
        #: What this node tells of itself, first to everybody who asks for peers; None: nothing.
        self.myself: Advert | None = None
        self._list = DialList(self._state)
        #: Whether a dial is still out.
        self.goes_on: Callable[[Dial], bool] = self._list.is_out
        #: Whether it may go on to a place that its name leads to: see `DialList.leads`.
        self.leads: Leads = self._list.leads
        #: Where peers are known that have proven themselves.
        self.good_hosts: GoodHosts = GoodHosts(self._peers)
        self.refused: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self.has_met: bool = False  # a peer was ready once

    # -- what finders and the operator say

    def found(self, candidate: Candidate, now: float) -> bool:
        """A finder nominates a node; True if the node or one of the addresses is new.

        This node itself, nodes that are banned and addresses that name another node are ignored, and so is a new
        node when `max_known` is reached and nobody can be forgotten. Of what one peer tells (`told_by`), and all in
        its network, no more than a share is kept. Raises ValueError for sources that only the operator may name.
        """
        if candidate.source in {CONFIGURED, SEED}:
            raise ValueError("only add_persistent and add_seed speak for the configuration")
        if self._bans.of(candidate.node_id, None, now) is not None:
            return False
        new = self._peers.learn(candidate, now)
        peer = self._peers.get(candidate.node_id or "")
        if not self._list.is_closed(now) or (peer is not None and peer.rank(now) > 0.0):
            self._list.look_again()
        return new

    def lost(self, node_id: str, source: str, now: float) -> None:
        """A finder takes back what it said. A connection stays: finders are no failure detectors."""
        self._list.look_again()
        peer = self._peers.get(node_id)
        if peer is not None:
            peer.seen = now
            peer.addresses.replace((), source)

    def add_persistent(self, endpoint: Endpoint, now: float) -> bool:
        """The configuration names a peer to dial for ever and to keep a slot for; True if that is new.

        This is for the start, when nobody is connected yet; later there is `levers.add_persistent`. This node's
        own id is ignored, so that all nodes can share one list. Raises ConfigError beyond `max_connected` peers that
        slots are kept for.
        """
        verdict = self.levers.add_persistent(endpoint, now)
        if isinstance(verdict, Refuse) and verdict.reason == "full":
            raise ConfigError(verdict.text)
        return not isinstance(verdict, Refuse)

    # -- dialing

    def bookkeeping(self, network: str) -> Bookkeeping:
        """What brings the book's contents here and back; look at `dials` after `restore`."""
        self._list.look_again()
        return Bookkeeping(self._state, self.wall, network)

    @property
    def self_id(self) -> str:
        """The node that it decides for."""
        return self._self_id

    @property
    def levers(self) -> Levers:
        """What the operator may do; look at `dials` afterwards."""
        self._list.look_again()
        return self._levers

    def expire(self, now: float) -> Changes:
        """End the bans whose time has come."""
        return self._state.expire_bans(now)

    def next_expiry(self) -> float:
        """When `expire` will next have something; inf: never."""
        return self._bans.next_end()

    def dials(self, now: float) -> list[Dial]:
        """The dials to make now; each counts as out until it comes back. Persistent peers first."""
        return self._list.dials(now)

    def next_due(self, now: float) -> float | None:
        """When `dials` will next have something, should nothing else happen; None: never."""
        return self._list.next_due(now)

    def dial_failed(self, dial: Dial, reason: str, now: float, *, by_peer: bool = False, who: str = "") -> None:
        """A dial came back without a connection. A dial that is not out any more is ignored.

        `reason` is `HandshakeFailed.reason` or a short word of the shell's own. `by_peer`: the peer said so, then all
        its addresses wait. `who`: who proved to be there. `node_id`: another node answered there; the address is
        forgotten, or, configured without an id, open to any node that answers. `self_dial`: we did.
        """
        self._list.look_again()
        peer = self._list.take_back(dial, reached=now if by_peer or reason == "self_dial" else None)
        if peer is None:
            return
        peer.last_reason = reason
        if not peer.linked:
            peer.replaces = None
        self._failed[bounded(self._failed, reason)] += 1
        if reason in INCOMPATIBLE and peer.node_id is not None and not peer.persistent:
            peer.inactive = reason
        if reason in NO_FAULT:
            self._peers.has_another(peer, dial, who, now, self._rng)
        elif by_peer:
            peer.failed(now, self._options, self._rng, at_least=FULL_PAUSE if reason == "full" else 0.0)
        elif reason == "self_dial" and not dial.endpoint.is_name:
            self._peers.is_self(peer, dial.endpoint)
        elif reason != "node_id" or not self._peers.is_other(peer, dial.endpoint, now):
            peer.address_failed(dial, now, self._options, self._rng)

    # -- connections

    def authenticated(self, attempt: Attempt, now: float) -> Verdict:
        """The other side of a new connection proved its id: may it live?

        Refusals: `banned`, `draining`, `duplicate`, `full`, `evicting`, `self_dial`, `node_id`, `busy`,
        `stale_dial`. A refused connection changes no failure count.
        """
        self._list.look_again()
        peer = None if attempt.dial is None else self._list.take_back(attempt.dial, reached=now, place=attempt.place)
        verdict = self._admission.judge(attempt, peer, now)
        if isinstance(verdict, Refuse):
            self.refused[verdict.reason] += 1
            if attempt.more and attempt.dial is not None and peer is not None and self._peers.has(peer):
                self._list.put_back(attempt.dial, peer)
        return verdict

    def is_linked(self, node_id: str) -> bool:
        """Whether that peer holds a slot."""
        return (peer := self._peers.get(node_id)) is not None and peer.linked

    def pinned(self, endpoint: Endpoint) -> str | None:
        """The node that is taken at this address, which is configured without an id, as it answered there first."""
        return self._peers.pins.of(endpoint)

    def ready(self, node_id: str, key: Hashable, now: float) -> Changes:
        """Both sides welcomed it: it can carry messages. The connections that it beats are closed."""
        self._list.look_again()
        peer, connection = self._find(node_id, key)
        if peer is None or connection is None or peer.state is PeerState.EVICTING:
            return Changes()
        at = peer.connections.index(connection)
        beaten, peer.connections = peer.connections[:at], peer.connections[at:]
        peer.step(PeerStep.READY)
        peer.proved(now)
        self.has_met = True
        address = peer.addresses.find(connection.endpoint) if connection.endpoint else None
        if address is not None:
            address.last_success = now
        events: list[PeerEvent] = []
        if peer.announced != connection.incarnation:
            if peer.announced is not None:
                self._state.prove_stable(peer, now)
                peer.connected_for += 0.0 if peer.up_since is None else now - peer.up_since
                events.append(PeerDown(node_id, "restarted"))
            events.append(PeerUp(node_id, connection.incarnation, connection.direction))
            peer.announced, peer.up_since = connection.incarnation, now
        closed = [CloseConnection(node_id, loser.key, "superseded") for loser in beaten]
        if peer.replaces is not None:
            leaves = self._take_place(peer, now)
            events += leaves.events
            closed += leaves.close
        return Changes(tuple(events), tuple(closed))

    def disconnected(self, node_id: str, key: Hashable, reason: str, now: float) -> Changes:
        """A connection ended, for whatever reason. One that was superseded or never accepted is ignored.

        One that we dialed and that ended before it was ready counts as a failed dial (the peer
        turned us away); so does one that was not up for `stable_after`. Losing to another
        connection of the same pair (`duplicate`, `superseded`) never does.
        """
        self._list.look_again()
        peer, connection = self._find(node_id, key)
        if peer is None or connection is None:
            return Changes()
        stable = self._state.prove_stable(peer, now)
        before, first = peer.state, peer.connections[0] is connection
        peer.connections.remove(connection)
        peer.seen, peer.last_reason = now, reason
        if not peer.connections:
            peer.replaces = None if peer.dial is None else peer.replaces
            peer.step(PeerStep.LOSE if peer.dial is None else PeerStep.LOSE_DIALING)
            turned_away = peer.announced is None and connection.direction is Direction.DIALED
            ours = peer.announced is not None or turned_away
            if turned_away:
                self._failed[bounded(self._failed, reason)] += 1
            excused = before is PeerState.EVICTING or reason in NO_FAULT or reason == SEED
            if turned_away:
                self._peers.release(peer, now, self._rng)
            if ours and not stable and not excused:
                pause = FULL_PAUSE if turned_away and reason == "full" else 0.0
                peer.failed(now, self._options, self._rng, at_least=pause)
            peer.rest(now, self._options, self._rng, visited=reason == SEED)
        elif before in UP and all(x.incarnation != peer.announced for x in peer.connections):
            peer.step(PeerStep.RESTART)
        elif before is PeerState.READY and first:
            peer.step(PeerStep.SWITCH)
        return Changes(self._state.announce_down(peer, reason, now))

    def leaving(self, node_id: str, reason: str, now: float) -> Changes:
        """A peer said goodbye: without another connection it is down from now on, and holds its slot until it is gone.

        Not for a peer that parts with this node alone: how it bears that is seen when the connection ends.
        """
        peer = self._peers.get(node_id)
        if peer is None or len(peer.connections) != 1:
            return Changes()
        self._list.look_again()
        return Changes(self._state.evict(peer, reason, now).events)

    def evict(self, node_id: str, reason: str, now: float) -> Changes:
        """Part with a peer. It is down from now on, and holds its slot until `disconnected`."""
        self._list.look_again()
        peer = self._peers.get(node_id)
        return Changes() if peer is None else self._state.evict(peer, reason, now)

    def offers(self, node_id: str, offers: tuple[str, ...], *, understood: bool = True) -> bool:
        """A connected peer offers these capabilities (as text) from now on. True: it offered others before.

        `understood`: something can be sent to it; one to which nothing can meets no requirement.
        """
        peer = self._peers.get(node_id)
        if peer is None or not peer.linked:
            return False
        changed, peer.offers, peer.understood = peer.offers != offers, offers, understood
        self._list.look_again()
        return changed

    def review(self, now: float) -> tuple[PeerEvent, ...]:
        """What has changed in how the requirements are met; ask after each change, when the dials are out."""
        return self._watch.review(views_of(self._state.needs(), self._peers, self._bans, now, self._state.slots()))

    # -- conduct

    def misbehaved(self, node_id: str, reason: ScoreReason, now: float) -> Changes:
        """Somebody on this node reports a peer for that; see `conduct.misbehaved`."""
        self._list.look_again()
        return misbehaved(self._state, node_id, reason, now)

    def useful(self, node_id: str, now: float, times: int = 1) -> None:
        """A peer did what a good peer does; see `conduct.useful`."""
        peer = useful(self._state, node_id, now, times)
        if peer is not None and (peer.state is PeerState.IDLE or self._list.known_closed):
            self._list.look_again()

    def advertise(self, to: str, limit: int, now: float, role: str | None = None) -> tuple[Advert, ...]:
        """At most `limit` nodes that the peer `to` may be told of, the best first; see `advertising`.

        `role`: only nodes that offer it.
        """
        return adverts(
            self._peers,
            to,
            limit,
            role=role,
            myself=self.myself,
            bans=self._bans,
            now=now,
            epoch=self.wall.epoch(now),
            rng=self._rng,
        )

    def snapshot(self, now: float = 0.0, limit: int | None = None) -> PeersSnapshot:
        """All it knows, as a value; scores are those of the time `now`. `limit`: see `picture_of`."""
        out, refused, failed = self._list.out, self.refused, self._failed
        return picture_of(self._state, now, dialing=out, refused=refused, failed=failed, wall=self.wall, limit=limit)

    def clock_offset(self) -> tuple[float | None, int]:
        """How far its calendar and those of its peers are apart, as `clock_offset`."""
        return clock_offset(self._peers, self.wall)

    def page(self, now: float, after: str, limit: int, only: PeerFilter) -> PeerPage:
        """Some of the peers, as `page_of_peers`."""
        return page_of_peers(self._state, now, after, limit, self.wall, only)

    def view(self, node_id: str, now: float) -> PeerView | None:
        """One peer; None for one that is not known."""
        return None if (peer := self._peers.get(node_id)) is None else view_of(peer, now, self.wall, self._bans)

    # -- private

    def _find(self, node_id: str, key: Hashable) -> tuple[KnownPeer | None, PeerConnectionView | None]:
        peer = self._peers.get(node_id)
        connections = peer.connections if peer is not None else ()
        return peer, next((connection for connection in connections if connection.key == key), None)

    def _take_place(self, peer: KnownPeer, now: float) -> Changes:
        """The newcomer is ready: which peer leaves is asked again, as one lower may be there by now, or a free slot.

        Where it is no better than the one whose place it takes, as that is one of a crowd, it is that one.
        """
        victim = None if peer.replaces is None else self._peers.get(peer.replaces)
        peer.replaces = None
        by_rank = victim is None or peer.rank(now) > victim.rank(now)
        changes = self._state.shed("upgraded", now, most=1, first=None if by_rank else victim)
        return changes if changes.close or not peer.outgoing else self._state.shed_outgoing("upgraded", now)
