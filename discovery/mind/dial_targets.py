"""How often one place is dialed of which only others say that a node is there: nobody is to be flooded by what we hear.

Any number of records, each of a node of its own, may name one place: a stranger's machine, or a service of this one.
"""

from __future__ import annotations

import math

from ...transports.streams import Endpoint
from ..peer import PeerAddress
from .crowds import crowd_of
from .token_bucket import TokenBucket

__all__ = ["A_PLACE", "DialTargets"]

#: Nodes for which one endpoint is dialed at once, and in a minute in the long run, as long as nobody answers there.
A_PLACE = 4
#: Targets that are counted; beyond that the one that was dialed least recently is counted anew.
MOST_TARGETS = 2048


class DialTargets:
    """Counts the first dial of each node to an address that others told of; its further ones have waits of their own.

    `an_address`: the same for all endpoints at one address (of IPv6: in one /64). Times are those of its caller.
    """

    __slots__ = ("_an_address", "_buckets")

    def __init__(self, an_address: float) -> None:
        self._an_address = an_address
        self._buckets: dict[str, TokenBucket] = {}

    def free_at(self, address: PeerAddress, now: float) -> float:
        """When it may be dialed: `now` or later."""
        if not _is_hearsay(address):
            return now
        return max((bucket.ready_at(now) for bucket in self._of(address.endpoint, now)), default=now)

    def take(self, address: PeerAddress, now: float) -> None:
        """It is dialed."""
        if _is_hearsay(address):
            for bucket in self._of(address.endpoint, now):
                bucket.take(now)

    def reached(self, endpoint: Endpoint, now: float) -> None:
        """A node was there."""
        for bucket in self._of(endpoint, now):
            bucket.give_back(now)

    def _of(self, endpoint: Endpoint, now: float) -> list[TokenBucket]:
        if endpoint.scheme != "tcp":
            return []
        found = []
        for key, a_minute in ((str(endpoint.without_peer()), A_PLACE), (crowd_of(endpoint.host), self._an_address)):
            bucket = self._buckets.pop(key, None)
            self._buckets[key] = bucket = bucket or TokenBucket(a_minute, a_minute / 60.0, now)
            found.append(bucket)
        while len(self._buckets) > MOST_TARGETS:
            del self._buckets[next(iter(self._buckets))]
        return found


def _is_hearsay(address: PeerAddress) -> bool:
    return address.dial_way is not None and address.last_success == address.last_failure == -math.inf
