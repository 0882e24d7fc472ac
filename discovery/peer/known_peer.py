"""What the peer manager remembers of one peer."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from ...transports.rules import PeerRules, Subject
from ..facts import MAX_SCORE, MIN_SCORE, Dial, Direction, PeerConnectionView, Score
from ..records import PeerRecord
from .addresses import AddressList
from .backoff import Backoff, RetryPolicy
from .lifecycle import LINKED, UP, PeerState, PeerStep, next_state
from .options import PeerOptions

__all__ = ["KnownPeer"]

#: Points that failures in a row may cost: a peer that is away for long is no worse than one that is away.
MAX_FAILURE_COST = 50


@dataclass(slots=True)
class KnownPeer:
    """One peer: its addresses, its state, the dial that is out, its connections, what it earned.

    `node_id` is None for an address that was configured without an id and has not answered yet.
    """

    node_id: str | None
    seen: float
    score: Score
    #: Roles that finders claim for it, unproven.
    roles: tuple[str, ...] = ()
    #: What its last handshake said that it offers; None: it was never connected.
    offers: tuple[str, ...] | None = None
    #: Its calendar, in seconds since 1970, less `now`, as its last handshake said; None: it did not.
    epoch: float | None = None
    #: Something can be sent to it, of what this node and it declare on the same channels. While it is connected.
    understood: bool = True
    #: It was last dialed because a requirement lacked it.
    needed: bool = False
    record: PeerRecord | None = None
    addresses: AddressList = field(default_factory=AddressList)
    state: PeerState = PeerState.IDLE
    dial: Dial | None = None
    #: Oldest first; each beats those before it. Only the first can be ready, and is when state is READY.
    connections: list[PeerConnectionView] = field(default_factory=list)
    #: The incarnation that subscribers were told is up; None: they were told nothing, or down.
    announced: int | None = None
    up_since: float | None = None
    #: When its oldest connection was accepted; means something while it has one.
    linked_at: float = -math.inf
    last_connected: float = -math.inf
    #: Seconds that it was connected, before `up_since`.
    connected_for: float = 0.0
    backoff: Backoff = field(default_factory=Backoff)
    rest_until: float = -math.inf
    #: A seed that has told what it can is left alone until then, while somebody is connected.
    visited_until: float = -math.inf
    #: How long a node that is connected to nobody leaves such a seed alone.
    visits: Backoff = field(default_factory=Backoff)
    last_reason: str = ""
    #: The operator keeps a slot for it, whichever side dials.
    unconditional: bool = False
    #: No other peer is told of it.
    private: bool = False
    #: The operator's own score for it.
    fixed_score: float | None = None
    #: Why it is not dialed until it comes by itself, or the operator says so; "" where it may be.
    inactive: str = ""
    #: Of peers of equal worth the one with the lower lot is dialed first: another order for each node.
    lot: int = 0
    #: The peer that told of it first, and its network; None once we were connected to it ourselves.
    told_by: str | None = None
    told_from: str | None = None
    #: Where its last connection came from or went to.
    host: str | None = None
    #: Where the first word of it came from, as `crowds.crowd_of` has it; "": not known.
    crowd: str = ""
    #: The peer whose place it takes when it is ready.
    replaces: str | None = None
    #: Whose word is taken for which role.
    rules: PeerRules = field(default_factory=PeerRules)

    @property
    def persistent(self) -> bool:
        """Whether the operator configured it: it keeps a slot and is retried for ever."""
        return self.addresses.configured

    @property
    def kept(self) -> bool:
        """Whether a slot is kept for it: it is persistent or unconditional."""
        return self.unconditional or self.addresses.configured

    @property
    def offered(self) -> tuple[str, ...] | None:
        """`offers`, as far as the rules of today could believe it: the book has what those of another day did."""
        could, node_id = self.rules.permissions.may_come_to_believe, self.node_id
        return None if self.offers is None else tuple(o for o in self.offers if could(o.partition("{")[0], node_id))

    @property
    def claims(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Of the roles that finders claim for it, those that are believed, and the others.

        Believed are those that take no certificate, and those that its last handshake has borne out.
        """
        believes, bare = self.rules.permissions.believes, Subject(self.node_id)
        proven = {offer.partition("{")[0] for offer in self.offered or ()}
        believed = tuple(role for role in self.roles if role in proven or believes(role, bare))
        return believed, tuple(role for role in self.roles if role not in believed)

    @property
    def linked(self) -> bool:
        """Whether it holds a slot."""
        return self.state in LINKED

    @property
    def outgoing(self) -> bool:
        """Whether we dialed one of its connections, or are dialing it now."""
        return self.dial is not None or any(x.direction is Direction.DIALED for x in self.connections)

    @property
    def retry_at(self) -> float:
        """No address of it is dialed before that time."""
        return max(self.backoff.until, self.rest_until, self.visited_until)

    @property
    def retry_alone_at(self) -> float:
        """The same for a node that is connected to nobody: a seed's cooldown is not worth a wait then."""
        return max(self.backoff.until, self.rest_until, self.visits.until)

    def rank(self, now: float) -> float:
        """What it is worth: the operator's word, else what it earned less what dialing it cost in vain."""
        if self.kept:
            return MAX_SCORE
        if self.fixed_score is not None:
            return self.fixed_score
        failures = self.backoff.failures + self.addresses.failures
        score = self.score.value(now)
        return max(MIN_SCORE, score - min(failures, MAX_FAILURE_COST)) if failures else score

    def step(self, step: PeerStep) -> None:
        """Take a step of the life-cycle table."""
        self.state = next_state(self.state, step)

    def rest(self, now: float, options: PeerOptions, rng: random.Random, *, visited: bool = False) -> None:
        """Leave it alone for the cooldown, a long one if it is a seed that was `visited`; no failure is counted."""
        share = 1.0 - options.retry_jitter * rng.random()
        if not visited or self.persistent:
            self.rest_until = max(self.rest_until, now + options.disconnect_cooldown * share)
            return
        if now - self.visits.until > options.seed_cooldown:
            self.visits.reset()
        self.visits.failed(now, rng, options.revisit)
        self.visited_until = max(self.visited_until, now + options.seed_cooldown * share)

    def wake(self) -> None:
        """End its rest: it may be dialed at once, as far as its failures let it."""
        self.rest_until = self.visited_until = -math.inf
        self.visits.reset()

    def hurry(self, now: float) -> None:
        """Dial it once before the waits that its failures ask for are over; they are counted all the same."""
        self.backoff.until = min(self.backoff.until, now)
        soonest = min((address.backoff for address in self.addresses), key=lambda each: each.until, default=None)
        if soonest is not None:
            soonest.until = min(soonest.until, now)

    def failed(self, now: float, options: PeerOptions, rng: random.Random, *, at_least: float = 0.0) -> None:
        """The peer itself, not one of its addresses, turned us away or did not last.

        It is left alone for `at_least` seconds, less the jitter, but not beyond the longest wait.
        """
        policy = self._policy(options)
        self.backoff.failed(now, rng, policy)
        if at_least:
            pause = min(at_least, policy.most) * (1.0 - policy.jitter * rng.random())
            self.rest_until = max(self.rest_until, now + pause)

    def _policy(self, options: PeerOptions) -> RetryPolicy:
        # A peer that a requirement lacks keeps all waiting that depend on it, and so does a seed, which is dialed while
        # nobody else is left: they do not rest for minutes.
        lasting = self.persistent or self.needed or self.addresses.seed
        return options.retry_persistent if lasting else options.retry

    def address_failed(self, dial: Dial, now: float, options: PeerOptions, rng: random.Random) -> None:
        """That address did not answer; the others may."""
        address = self.addresses.find(dial.endpoint)
        if address is not None:
            address.backoff.failed(now, rng, self._policy(options))
            address.last_failure = now

    def proved(self, now: float) -> None:
        """It was connected: what others told of it, and why it was given up, says nothing any more."""
        self.last_connected = now
        self.told_by = self.told_from = None
        self.inactive = ""

    def is_proven(self, now: float, options: PeerOptions) -> bool:
        """Whether it was connected for long enough, all times together: what a stranger with a fresh key was not."""
        up_for = 0.0 if self.up_since is None else now - self.up_since
        return self.connected_for + up_for >= options.stable_after

    @property
    def up(self) -> bool:
        """Whether subscribers were told so."""
        return self.state in UP
