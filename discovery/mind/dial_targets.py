"""How often one place is dialed of which only others say that a node is there: nobody is to be flooded by what we hear.

Any number of records, each of a node of its own, may name one place: a stranger's machine, or a service of this one;
and so may any number of names, so what a name leads to is counted where it has been looked up, as the name is before.
"""

from __future__ import annotations

import math

from ...transports.streams import Endpoint, Scope
from ..peer import PeerAddress
from .crowds import crowd_of
from .token_bucket import TokenBucket

__all__ = ["A_PLACE", "DialTargets"]

#: Dials to one endpoint at once, and in a minute in the long run, where several nodes are said to be and none answers.
A_PLACE = 4
#: Targets that are counted; beyond that the one that was dialed least recently is counted anew.
MOST_TARGETS = 2048


class DialTargets:
    """Counts dials to addresses that others told of and that never worked.

    Where one node is said to be, its further dials have waits of their own, and are not counted. `an_address`: first
    dials at once, and in a minute, to all endpoints at one address (of IPv6: in one /64). Times are its caller's.
    """

    __slots__ = ("_an_address", "_buckets", "_only")

    def __init__(self, an_address: float) -> None:
        self._an_address = an_address
        self._buckets: dict[str, TokenBucket] = {}
        #: By endpoint, the one node that is said to be there; None: several are.
        self._only: dict[str, str | None] = {}

    def free_at(self, address: PeerAddress, node_id: str | None, now: float, led_to: Endpoint | None = None) -> float:
        """When that node may be dialed there: `now` or later. `led_to`: a place that the address's name leads to."""
        return max((bucket.ready_at(now) for bucket in self._counted(address, node_id, now, led_to)), default=now)

    def take(self, address: PeerAddress, node_id: str | None, now: float, led_to: Endpoint | None = None) -> None:
        """It is dialed."""
        for bucket in self._counted(address, node_id, now, led_to):
            bucket.take(now)
        place = str((led_to or address.endpoint).without_peer())
        self._only[place] = node_id if self._only.get(place, node_id) == node_id else None
        while len(self._only) > MOST_TARGETS:
            del self._only[next(iter(self._only))]

    def reached(self, endpoint: Endpoint, now: float) -> None:
        """A node was there."""
        for bucket in self._of(endpoint, now):
            bucket.give_back(now)

    def _counted(
        self, address: PeerAddress, node_id: str | None, now: float, led_to: Endpoint | None
    ) -> list[TokenBucket]:
        """What such a dial is taken from."""
        if address.dial_way is None or address.last_success > -math.inf:
            return []
        endpoint = led_to or address.endpoint
        buckets = self._of(endpoint, now)
        if address.last_failure == -math.inf:
            return buckets
        return [] if self._only.get(str(endpoint.without_peer()), node_id) == node_id else buckets[:1]

    def _of(self, endpoint: Endpoint, now: float) -> list[TokenBucket]:
        keys = []
        if endpoint.direct or endpoint.scope > Scope.MACHINE:
            keys.append((str(endpoint.without_peer()), float(A_PLACE)))
        if endpoint.direct:
            keys.append((crowd_of(endpoint.host), self._an_address))
        found = []
        for key, a_minute in keys:
            bucket = self._buckets.pop(key, None)
            self._buckets[key] = bucket = bucket or TokenBucket(a_minute, a_minute / 60.0, now)
            found.append(bucket)
        while len(self._buckets) > MOST_TARGETS:
            del self._buckets[next(iter(self._buckets))]
        return found
