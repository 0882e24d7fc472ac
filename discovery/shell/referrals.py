"""Whom a node that is full names to those whom it turns away, and what it does with such names itself.

Both only where peer exchange runs, and within its bounds: signed records, of nodes that were connected, which the
hearer can reach; a few at a time, and a few more a second in all.
"""

from __future__ import annotations

from collections.abc import Callable

from ...actors.bus import Bus
from ...actors.mailbox import Envelope
from ...transports.streams import Endpoint
from ...transports.wire import REFERRED
from ..mind import PeerManager, TokenBucket
from ..pex import PeerExchange, Referred
from ..records import Advert, can_reach, share_a_place

__all__ = ["Referrals"]

#: Refusals with names in a second, in the long run and at once: 8 KiB/s, and all nodes of a cold start.
REFUSALS_A_SECOND, REFUSALS_AT_ONCE = 4.0, 128.0
#: Bytes of records in one refusal.
MOST_BYTES = 4096
#: Why a peer is turned away that shall look elsewhere.
ELSEWHERE = frozenset({"full", "draining"})


class Referrals:
    """Of one node. Times are those of the bus's loop."""

    def __init__(self, bus: Bus, manager: PeerManager) -> None:
        self._bus = bus
        self._manager = manager
        self._bucket = TokenBucket(REFUSALS_AT_ONCE, REFUSALS_A_SECOND, bus.loop.time())

    def for_refused(self, node_id: str, reason: str, remote: Endpoint, now: float) -> tuple[bytes, ...]:
        """The records to name to the node that is refused for that reason, the best first."""
        if reason not in ELSEWHERE or self._exchange() is None or not self._bucket.take(now):
            return ()
        told: list[bytes] = []
        left = MOST_BYTES
        for advert in self._manager.advertise(node_id, 4 * REFERRED, now):
            record = advert.record
            if record is None or record.private or not _is_placed(advert) or len(record.data) > left:
                continue
            if can_reach(remote, record.endpoints, (*advert.verified, advert.host)):
                told.append(record.data)
                left -= len(record.data)
            if len(told) == REFERRED:
                break
        return tuple(told)

    def heard(self, node_id: str | None, remote: Endpoint, records: tuple[bytes, ...]) -> None:
        """The node that was dialed there is full, and names these."""
        exchange = self._exchange()
        if exchange is not None and node_id is not None and records:
            exchange(Envelope(Referred(node_id, remote, records)))

    def _exchange(self) -> Callable[[Envelope], object] | None:
        """How to tell the actor of peer exchange; None where there is none."""
        cell = self._bus.cell(PeerExchange.channel.name)
        return None if cell is None else cell.mailbox.put


def _is_placed(advert: Advert) -> bool:
    """Its record names an address where it was reached, or from which it came: not somebody else's machine."""
    assert advert.record is not None
    if advert.host is None:
        return True
    places, host = advert.record.endpoints, advert.host.partition("%")[0]
    return share_a_place(places, advert.verified) or any(place.host.partition("%")[0] == host for place in places)
