"""The peer manager's mind: it decides whom to dial, accept and evict, and never dials itself."""

# Law 1. No clock, no randomness, no I/O: `now` and `rng` come from outside, commands and events go out.
# Law 2. Each dial that `dials` hands out comes back exactly once: through `dial_failed` or `authenticated`.
#        Each connection that got `Accept` comes back exactly once, through `disconnected`.
# Law 3. `dials` and `next_due` read the same list, so a shell that sleeps until `next_due` never spins.
# Law 4. Whatever may put somebody on that list, or earlier on it, calls `_look_again`. Until then the list is not read
#        anew: a full node on a network of a thousand hears of each of them, and would look through all every time.
#
# Three flows, as call sequences:
#   found -> dials -> authenticated(dial) = Accept -> ready [PeerUp] -> disconnected [PeerDown] -> (later) dials
#   found -> dials -> dial_failed -> (after a backoff) dials
#   authenticated(no dial) = Accept -> ready [PeerUp] -> evict [PeerDown, Close] -> disconnected

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Hashable
from types import MappingProxyType

from ..actors.errors import ConfigError
from ..transports.endpoint import Endpoint
from .addresses import CONFIGURED
from .commands import Accept, Attempt, Changes, Close, Dial, Refuse, Verdict
from .events import Candidate, PeerDown, PeerEvent, PeerUp
from .known_peer import KnownPeer
from .lifecycle import UP, PeerState, PeerStep
from .link import Direction, Link, beats
from .options import PeerOptions
from .roster import Roster
from .selection import choices
from .slots import Slots
from .snapshot import PeersSnapshot

__all__ = ["PeerManager"]

#: A simultaneous dial makes two, an address that turns out to be a known peer one more on each side.
MAX_LINKS = 4
#: Reasons come from peers too: what is beyond that many different words is counted as `other`.
MAX_REASONS = 64
#: The other of two connections won, so the peer is alive: that is no failure.
NO_FAULT = frozenset({"duplicate", "superseded"})


class PeerManager:
    """Knows every peer of the node `self_id` and decides, within `options`.

    It has no task and no timer: after each call, ask `dials`, and ask again at `next_due`. Where two
    connections to one peer exist, `link.beats` chooses, and the losers are closed once the winner
    is ready. Times are seconds on the caller's monotonic clock.
    """

    def __init__(self, self_id: str, options: PeerOptions, rng: random.Random) -> None:
        self._self_id = self_id
        self._options = options
        self._rng = rng
        self._roster = Roster(self_id, options.max_known)
        self._dials: dict[int, KnownPeer] = {}
        self._last_dial = 0
        self._refused: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        #: Before this time `dials` has nothing, as `next_due` found; None: it has to look.
        self._nothing_before: float | None = None
        #: Then nobody whom a finder names can be dialed.
        self._closed = False

    # -- what finders and the operator say

    def found(self, candidate: Candidate, now: float) -> bool:
        """A finder nominates a node; True if the node or one of the addresses is new.

        This node itself and addresses that name another node are ignored, and so is a new node when
        `max_known` is reached and nobody can be forgotten. Raises ValueError for source `config`.
        """
        if candidate.source == CONFIGURED:
            raise ValueError("only add_persistent speaks for the configuration")
        new = self._roster.learn(candidate, now)
        peer = self._roster.get(candidate.node_id)
        if not self._closed or (peer is not None and peer.persistent):
            self._look_again()
        return new

    def lost(self, node_id: str, source: str, now: float) -> None:
        """A finder takes back what it said. A connection stays: finders are no failure detectors."""
        self._look_again()
        peer = self._roster.get(node_id)
        if peer is not None:
            peer.seen = now
            peer.addresses.replace((), source)

    def add_persistent(self, endpoint: Endpoint, now: float) -> bool:
        """Dial this address for ever and keep a slot for it; True if that is new.

        Without an id in the endpoint, whoever answers there is the peer. This node's own id is
        ignored, so that all nodes can share one list. A slot that an ordinary peer holds is not
        taken from it, but waited for. Raises ConfigError beyond `max_connected` persistent peers.
        """
        if endpoint.peer_id == self._self_id:
            return False
        self._look_again()
        most, reserved = self._options.max_connected, self._slots().reserved
        if most and reserved >= most and not self._roster.is_configured(endpoint):
            raise ConfigError(f"{reserved + 1} persistent peers, but max_connected is {most}")
        return self._roster.configure(endpoint, now)

    # -- dialing

    def dials(self, now: float) -> list[Dial]:
        """The dials to make now; each counts as out until it comes back. Persistent peers first."""
        claimed: list[Dial] = []
        if self._nothing_before is not None and now < self._nothing_before:
            return claimed
        # A place claimed for one peer sends another, that has it too, to its next address: look again.
        while batch := self._claim(now):
            claimed += batch
        return claimed

    def next_due(self, now: float) -> float | None:
        """When `dials` will next have something, should nothing else happen; None: never."""
        due = self._nothing_before
        if due is None or now >= due:
            slots = self._slots()
            due = min((choice.due for choice in choices(self._roster, slots, now)), default=math.inf)
            self._nothing_before, self._closed = due, not slots.may_dial(persistent=False)
        return None if due == math.inf else max(now, due)

    def dial_failed(self, dial: Dial, reason: str, now: float, *, by_peer: bool = False) -> None:
        """A dial came back without a connection. A dial that is not out any more is ignored.

        `reason` is `HandshakeFailed.reason` or a short word of the shell's own. `by_peer`: the peer
        said so, then all its addresses wait. `node_id`: another node answered there; the address is
        forgotten, or, configured without an id, open to whoever answers. `self_dial`: we did.
        """
        self._look_again()
        peer = self._take_back(dial)
        if peer is None:
            return
        peer.last_reason = reason
        self._failed[_bounded(self._failed, reason)] += 1
        if reason in NO_FAULT:
            peer.rest(now, self._options, self._rng)
        elif by_peer:
            peer.failed(now, self._options, self._rng)
        elif reason == "self_dial":
            self._roster.is_self(peer, dial.endpoint)
        elif reason != "node_id" or not self._roster.is_other(peer, dial.endpoint, now):
            peer.address_failed(dial, now, self._options, self._rng)

    # -- connections

    def authenticated(self, attempt: Attempt, now: float) -> Verdict:
        """The other side of a new connection proved its id: may it live?

        Refusals: `duplicate`, `full`, `evicting`, `self_dial`, `node_id`, `busy`, `stale_dial`.
        A refused connection changes no failure count.
        """
        self._look_again()
        verdict = self._judge(attempt, now)
        if isinstance(verdict, Refuse):
            self._refused[verdict.reason] += 1
        return verdict

    def ready(self, node_id: str, key: Hashable, now: float) -> Changes:
        """Both sides welcomed it: it can carry messages. The connections that it beats are closed."""
        self._look_again()
        peer, link = self._find(node_id, key)
        if peer is None or link is None or peer.state is PeerState.EVICTING:
            return Changes()
        at = peer.links.index(link)
        beaten, peer.links = peer.links[:at], peer.links[at:]
        peer.step(PeerStep.READY)
        address = peer.addresses.find(link.endpoint) if link.endpoint else None
        if address is not None:
            address.last_success = now
        events: list[PeerEvent] = []
        if peer.announced != link.incarnation:
            if peer.announced is not None:
                self._prove_stable(peer, now)
                events.append(PeerDown(node_id, "restarted"))
            events.append(PeerUp(node_id, link.incarnation, link.direction))
            peer.announced, peer.up_since = link.incarnation, now
        closed = tuple(Close(node_id, loser.key, "superseded") for loser in beaten)
        return Changes(tuple(events), closed)

    def disconnected(self, node_id: str, key: Hashable, reason: str, now: float) -> Changes:
        """A connection ended, for whatever reason. One that was superseded or never accepted is ignored.

        One that we dialed and that ended before it was ready counts as a failed dial (the peer
        turned us away); so does one that was not up for `stable_after`. Losing to another
        connection of the same pair (`duplicate`, `superseded`) never does.
        """
        self._look_again()
        peer, link = self._find(node_id, key)
        if peer is None or link is None:
            return Changes()
        stable = self._prove_stable(peer, now)
        before, first = peer.state, peer.links[0] is link
        peer.links.remove(link)
        peer.seen, peer.last_reason = now, reason
        if not peer.links:
            peer.step(PeerStep.LOSE if peer.dial is None else PeerStep.LOSE_DIALING)
            ours = peer.announced is not None or link.direction is Direction.DIALED
            excused = before is PeerState.EVICTING or reason in NO_FAULT
            if ours and not stable and not excused:
                peer.failed(now, self._options, self._rng)
            peer.rest(now, self._options, self._rng)
        elif before in UP and all(x.incarnation != peer.announced for x in peer.links):
            peer.step(PeerStep.RESTART)
        elif before is PeerState.READY and first:
            peer.step(PeerStep.SWITCH)
        return Changes(self._announce_down(peer, reason))

    def evict(self, node_id: str, reason: str, now: float) -> Changes:
        """Part with a peer. It is down from now on, and holds its slot until `disconnected`."""
        self._look_again()
        peer = self._roster.get(node_id)
        if peer is None or not peer.linked or peer.state is PeerState.EVICTING:
            return Changes()
        self._prove_stable(peer, now)
        peer.step(PeerStep.EVICT)
        peer.seen, peer.last_reason = now, reason
        closed = tuple(Close(node_id, link.key, reason) for link in peer.links)
        return Changes(self._announce_down(peer, reason), closed)

    def snapshot(self) -> PeersSnapshot:
        """Everything it knows, as a value."""
        peers = tuple(peer.view() for peer in self._roster)
        return PeersSnapshot(
            peers=peers,
            connected=sum(peer.linked for peer in self._roster),
            ready=sum(peer.state in UP for peer in self._roster),
            outgoing=sum(view.direction is Direction.DIALED for view in peers),
            dialing=len(self._dials),
            refused=MappingProxyType(dict(self._refused)),
            failed=MappingProxyType(dict(self._failed)),
        )

    # -- private

    def _look_again(self) -> None:
        self._nothing_before, self._closed = None, False

    def _slots(self) -> Slots:
        return Slots.count(self._roster, self._options)

    def _claim(self, now: float) -> list[Dial]:
        slots, claimed, taken = self._slots(), list[Dial](), set[Endpoint]()
        for choice in choices(self._roster, slots, now):
            peer, endpoint = choice.peer, choice.address.endpoint
            allowed = choice.due <= now and slots.may_dial(persistent=choice.persistent)
            if not allowed or endpoint in taken:
                continue
            slots.claim(persistent=choice.persistent)
            taken.add(endpoint)
            self._last_dial += 1
            dial = Dial(self._last_dial, endpoint, peer.node_id)
            peer.dial = dial
            peer.step(PeerStep.CLAIM)
            self._dials[dial.number] = peer
            self._look_again()
            claimed.append(dial)
        return claimed

    def _take_back(self, dial: Dial) -> KnownPeer | None:
        peer = self._dials.pop(dial.number, None)
        if peer is not None:
            peer.dial = None
            peer.step(PeerStep.DIAL_ENDED)
        return peer

    def _find(self, node_id: str, key: Hashable) -> tuple[KnownPeer | None, Link | None]:
        peer = self._roster.get(node_id)
        links = peer.links if peer is not None else ()
        return peer, next((link for link in links if link.key == key), None)

    def _judge(self, attempt: Attempt, now: float) -> Verdict:
        dial, node_id = attempt.dial, attempt.node_id
        if dial is not None:
            peer = self._take_back(dial)
            if peer is None:
                return Refuse("stale_dial", "that dial was given up")
            if node_id == self._self_id:
                self._roster.is_self(peer, dial.endpoint)
            elif dial.node_id is None:
                self._roster.answered(dial.endpoint, node_id, now)
            elif dial.node_id != node_id:
                if not self._roster.is_other(peer, dial.endpoint, now):
                    peer.address_failed(dial, now, self._options, self._rng)
                return Refuse("node_id", f"dialed {dial.node_id}, but {node_id} answered")
        if node_id == self._self_id:
            return Refuse("self_dial", "this node does not connect to itself")
        return self._admit(attempt, now)

    def _admit(self, attempt: Attempt, now: float) -> Verdict:
        node_id, dial = attempt.node_id, attempt.dial
        peer = self._roster.get(node_id)
        if peer is None or not peer.linked:
            if not self._slots().may_accept(persistent=peer is not None and peer.persistent):
                if peer is not None and dial is not None:
                    peer.rest(now, self._options, self._rng)
                return Refuse("full", f"all {self._options.max_connected} slots are taken")
            peer = self._roster.remember(node_id, now)
            if peer is None:
                return Refuse("full", f"all {self._options.max_known} entries are taken")
        link = Link(attempt.key, attempt.incarnation, None if dial is None else dial.endpoint)
        if peer.state is PeerState.EVICTING:
            return Refuse("evicting", "the last connection to this peer is still being closed")
        if not all(beats(link, old, self_id=self._self_id, node_id=node_id) for old in peer.links):
            return Refuse("duplicate", "another connection between these two nodes lives")
        if len(peer.links) >= MAX_LINKS:
            return Refuse("busy", f"{MAX_LINKS} connections to this peer are being sorted out")
        peer.links.append(link)
        peer.step(PeerStep.ADMIT)
        peer.seen = now
        return Accept()

    def _prove_stable(self, peer: KnownPeer, now: float) -> bool:
        """Whether the peer was up for long; if so, forgive its failures."""
        if peer.up_since is None or now - peer.up_since < self._options.stable_after:
            return False
        peer.backoff.reset()
        peer.addresses.proved_stable()
        return True

    def _announce_down(self, peer: KnownPeer, reason: str) -> tuple[PeerEvent, ...]:
        if peer.announced is None or peer.state in UP or peer.node_id is None:
            return ()
        peer.announced = peer.up_since = None
        return (PeerDown(peer.node_id, reason),)


def _bounded(counts: Counter[str], reason: str) -> str:
    return reason if reason in counts or len(counts) < MAX_REASONS else "other"
