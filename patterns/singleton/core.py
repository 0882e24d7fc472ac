"""Which of the nodes that offer a role runs what only one is to run: decided without clock, socket or loop.

Laws:
1. The nodes have one order, which depends on their ids and the name alone (rendezvous hashing). Of those that see each
   other the first one runs it.
2. It starts only when every member that it is connected with has granted that, and whoever ran it grants when it has
   stopped. A member that sees a better one than the claimer denies.
3. Nothing is claimed before the members have stayed the same for `settle` seconds: a newcomer sees few others.
4. A member that leaves in order says when it has stopped; until then, `hand_over` seconds at most, nobody takes over.
5. What a peer says gives it nothing but its place in the order: whoever claims and is not the first is denied.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

__all__ = ["ClaimOf", "SingletonCore", "StartIt", "StopIt"]


@dataclass(frozen=True, slots=True)
class ClaimOf:
    """Ask that member to grant."""

    peer: str


@dataclass(frozen=True, slots=True)
class StartIt:
    """Run it here, from now on."""


@dataclass(frozen=True, slots=True)
class StopIt:
    """Run it here no longer."""


class SingletonCore:
    """See the module. `me` is this node's id. Times are seconds of one clock."""

    def __init__(self, name: str, me: str, settle: float, hand_over: float) -> None:
        self._name = name.encode()
        self.me = me
        self._settle = settle
        self._hand_over = hand_over
        self.members: frozenset[str] = frozenset()
        #: This node offers the role.
        self.offers = False
        #: It runs here.
        self.running = False
        self._granted: set[str] = set()
        self._asked: set[str] = set()
        self._not_before = 0.0
        #: Whom this node has granted it last, as far as it is known to be there.
        self.holder: str | None = None

    # Events.

    def saw(self, members: Iterable[str], offers: bool, now: float) -> None:
        """These members are connected at this moment."""
        found = frozenset(members)
        if found == self.members and offers == self.offers:
            return
        self.members, self.offers = found, offers
        self._granted &= found
        self._asked &= found
        self._not_before = max(self._not_before, now + self._settle)

    def lost(self, peer: str, now: float, *, in_order: bool) -> None:
        """The connection to a member ended. `in_order`: it leaves, and says when it has stopped."""
        self._granted.discard(peer)
        self._asked.discard(peer)
        if peer == self.holder:
            if in_order:
                self._not_before = max(self._not_before, now + self._hand_over)
            else:
                self.holder = None

    def released(self, peer: str, now: float) -> None:
        """A member says that it has stopped, as it leaves."""
        if peer == self.holder:
            self.holder = None
            self._not_before = now

    def claimed(self, peer: str) -> bool:
        """A peer claims it. True: it is granted, as soon as it has stopped here, if it runs."""
        if peer not in self.members:  # whoever is not known to offer the role may be the first of all by its id alone
            return False
        if self._first({*self.members, self.me} if self.offers else self.members) != peer:
            return False
        self._granted.clear()
        self._asked.clear()
        self.holder = peer
        return True

    def answered(self, peer: str, granted: bool) -> None:
        """A member has answered a claim; or it could not, and is asked again."""
        self._asked.discard(peer)
        if granted and peer in self.members:
            self._granted.add(peer)

    # What follows.

    def next(self, now: float) -> list[ClaimOf | StartIt | StopIt]:
        """What is to be done now."""
        if not self.offers:
            return [StopIt()] if self.running else []
        if now < self._not_before or self._first({*self.members, self.me}) != self.me:
            return []
        missing = sorted(self.members - self._granted)
        if missing:
            new = [peer for peer in missing if peer not in self._asked]
            self._asked.update(new)
            return [ClaimOf(peer) for peer in new]
        return [] if self.running else [StartIt()]

    def _first(self, ids: Iterable[str]) -> str:
        return min(ids, key=lambda id_: (blake2b(self._name, digest_size=16, key=id_.encode()).digest(), id_))
