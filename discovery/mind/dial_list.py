"""Which dials are to be made now, and when there will be another one: the list, and the dials that are out.

Law 1. `dials` and `next_due` read the same list, so a shell that sleeps until `next_due` never spins.
Law 2. Whatever may put somebody on that list, or earlier on it, calls `look_again`. Until then the list is not read
       anew: a full node on a network of a thousand hears of each of them, and would look through all every time.
"""

from __future__ import annotations

import math
from typing import Protocol

from ...transports.streams import Endpoint
from ..facts import Dial
from ..peer import KnownPeer, PeerState, PeerStep
from .dial_targets import DialTargets
from .manager_state import ManagerState
from .selection import Choice, choices, nobody_new_fits
from .slots import Slots
from .token_bucket import TokenBucket

__all__ = ["DialList", "Leads"]

#: Of those that one machine told of, as many are dialed at a time however few slots there are for own dials; and
#: seconds after which the others are looked at again, unless a dial ends before.
FEWEST_OUT, NEXT_TURN = 4, 0.1


class Leads(Protocol):
    """See `DialList.leads`."""

    def __call__(self, dial: Dial, place: Endpoint, now: float, *, further: bool) -> bool: ...


class DialList:
    """That of one peer manager. Times are seconds on its caller's clock."""

    def __init__(self, state: ManagerState) -> None:
        self._state = state
        a_minute = state.options.dials_a_minute
        self._budget = TokenBucket(a_minute, a_minute / 60.0, 0.0)
        self._targets = DialTargets(a_minute / 2.0)
        #: The dials that are out, by number.
        self._out: dict[int, KnownPeer] = {}
        self._last = 0
        #: Before this time `dials` has nothing, as `next_due` found; None: it has to look.
        self._nothing_before: float | None = None
        #: Then nobody whom a finder names can be dialed; None: nobody asked yet.
        self._closed: bool | None = None

    @property
    def out(self) -> int:
        """How many dials have not come back."""
        return len(self._out)

    def look_again(self) -> None:
        """See law 2."""
        self._nothing_before = self._closed = None

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
            due = self._keep_due(self._choices(self._state.slots(), now), now)
        return None if due == math.inf else max(now, due)

    def is_closed(self, now: float) -> bool:
        """Nobody whom a finder names can be dialed, and this has been found since the list was read."""
        if self._closed is None and self._nothing_before is not None:
            self._closed = nobody_new_fits(self._state.peers, self._state.slots(), self._state.needs(), now)
        return bool(self._closed)

    @property
    def known_closed(self) -> bool:
        """It has been found so, and nothing has changed since."""
        return bool(self._closed)

    def take_back(self, dial: Dial, *, reached: float | None = None, place: Endpoint | None = None) -> KnownPeer | None:
        """A dial has come back; returns whose it was, None for one that is not out.

        `reached`: when a node was found there, so that dials to that place are no burden to it; `place`: where the
        dialed name led.
        """
        if reached is not None:
            for endpoint in (dial.endpoint, place):
                if endpoint is not None:
                    self._targets.reached(endpoint, reached)
        peer = self._out.pop(dial.number, None)
        if peer is not None:
            peer.dial = None
            peer.step(PeerStep.DIAL_ENDED)
        return peer

    def put_back(self, dial: Dial, peer: KnownPeer) -> None:
        """A dial that was taken back goes on: the name that it is of has other places."""
        if peer.state is PeerState.IDLE and peer.addresses.find(dial.endpoint) is not None:
            peer.dial = dial
            peer.step(PeerStep.CLAIM)
            self._out[dial.number] = peer

    def leads(self, dial: Dial, place: Endpoint, now: float, *, further: bool) -> bool:
        """Whether a dial may go on to this place, where its name leads; if so it is counted. `further`: to one more."""
        peer = self._out.get(dial.number)
        address = None if peer is None else peer.addresses.find(dial.endpoint)
        if peer is None or address is None or address.dial_way is None or address.last_success > -math.inf:
            return True
        free = self._targets.free_at(address, peer.node_id, now, place) <= now
        if not free or (further and not self._budget.take(now)):
            return False
        self._targets.take(address, peer.node_id, now, place)
        return True

    def is_out(self, dial: Dial) -> bool:
        """Whether a dial has not come back."""
        return dial.number in self._out

    def _choices(self, slots: Slots, now: float) -> list[Choice]:
        return (
            []
            if self._state.draining
            else choices(self._state.peers, slots, self._state.bans, self._state.needs(), now)
        )

    def _turn_of(self, choice: Choice, now: float) -> float:
        """When one that was only heard of may be dialed: of a crowd some at a time, so that others get theirs."""
        crowd, most = choice.peer.crowd, self._state.options.max_outgoing
        if not crowd or most is None or choice.peer.last_connected > -math.inf:
            return now
        out = sum(peer.crowd == crowd and peer.last_connected == -math.inf for peer in self._out.values())
        return now if out < max(FEWEST_OUT, most // 2) else now + NEXT_TURN

    def _keep_due(self, found: list[Choice], now: float) -> float:
        """Keep in mind when the first of these is due."""
        least = self._budget.ready_at(now)
        due = (choice.due if choice.kept else max(choice.due, least) for choice in found)
        self._nothing_before = min(due, default=math.inf)
        return self._nothing_before

    def _claim(self, now: float) -> list[Dial]:
        slots, claimed, taken = self._state.slots(), list[Dial](), set[Endpoint]()
        found = self._choices(slots, now)
        for choice in found:
            peer, endpoint = choice.peer, choice.address.endpoint
            if choice.due > now or endpoint in taken:
                continue
            # Which peer leaves for which is asked anew when the others are out.
            if bool(claimed) if choice.replaces is not None else not slots.may_dial(kept=choice.kept):
                continue
            free_at = (
                now
                if choice.kept
                else max(self._targets.free_at(choice.address, peer.node_id, now), self._turn_of(choice, now))
            )
            if free_at > now:
                peer.rest_until = free_at
                self.look_again()
                continue
            if not choice.kept and not self._budget.take(now):
                break  # the operator's come first, so none follows that may be dialed without
            if not choice.kept:
                self._targets.take(choice.address, peer.node_id, now)
            slots.claim(kept=choice.kept)
            taken.add(endpoint)
            self._last += 1
            dial = Dial(self._last, endpoint, peer.node_id, choice.address.dial_way)
            peer.dial, peer.needed = dial, choice.needed
            peer.step(PeerStep.CLAIM)
            self._out[dial.number] = peer
            self.look_again()
            claimed.append(dial)
            if choice.replaces is not None:
                peer.replaces = choice.replaces.node_id
                break
        if not claimed:
            self._keep_due(found, now)
        return claimed
