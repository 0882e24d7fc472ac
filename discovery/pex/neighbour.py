"""One neighbour as peer exchange knows it: what it may still ask, when it is asked, what it told of."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ...transports.streams import Endpoint, Scope
from ..mind import TokenBucket
from ..records import MAX_LIFETIME, PeerRecord, RecordRefused

__all__ = ["REQUEST_RATE", "ExchangePartner", "clock_of", "leaves_at", "new_neighbour"]

#: Tokens of a peer that asks: one a second, and half of one more, so that a request which is a little early, as the
#: network will have it, is as good as another. Honest peers ask every other second at most.
REQUEST_TOKENS, REQUEST_RATE = 1.5, 1.0
#: Requests beyond that which are forgiven: three, and one a minute.
PATIENCE_TOKENS, PATIENCE_RATE = 3.0, 1 / 60
#: New records of its own that a peer may show at once, and one a second in the long run: checking one takes 0.2 ms.
RECORD_TOKENS, RECORD_RATE = 8.0, 1.0
#: A seed keeps a visitor that long after its answer, that long without a request, and a node that it visits that long.
SEED_LINGER, SEED_PATIENCE, SEED_VISIT = 2.0, 15.0, 60.0


@dataclass(slots=True)
class ExchangePartner:
    """A connected peer."""

    remote: Endpoint
    dialed: bool
    since: float
    bucket: TokenBucket
    patience: TokenBucket
    records: TokenBucket
    #: When to ask it next; inf: it does not take part.
    ask_at: float
    interval: float
    #: The request that is under way, by its number; 0: none.
    asking: int = 0
    answered_at: float = math.inf
    leaving: bool = False
    #: By how much its clock is ahead of ours, at least, by its own record; 0 where they agree, None: not known.
    clock: float | None = None
    #: Record of each node that it told of last, by number: what it knew it cannot have forgotten.
    told: dict[str, int] = field(default_factory=dict)

    @property
    def scope(self) -> Scope:
        """How far away it is."""
        return self.remote.scope


def new_neighbour(remote: Endpoint, now: float, interval: float, *, dialed: bool) -> ExchangePartner:
    """One whose connection has just begun: its buckets are full, and it has not said that it takes part."""
    return ExchangePartner(
        remote,
        dialed,
        now,
        TokenBucket(REQUEST_TOKENS, REQUEST_RATE, now),
        TokenBucket(PATIENCE_TOKENS, PATIENCE_RATE, now),
        TokenBucket(RECORD_TOKENS, RECORD_RATE, now),
        math.inf,
        interval,
    )


def clock_of(record: PeerRecord | RecordRefused) -> float | None:
    """What a peer's own record, as it comes, says of its clock: the seconds by which it is ahead of ours, at least."""
    if isinstance(record, PeerRecord) or record.reason == "known":
        return 0.0
    if record.reason == "expired":
        return -record.overdue
    return record.early - MAX_LIFETIME if record.reason == "too_far" else None


def leaves_at(neighbour: ExchangePartner) -> float:
    """When a seed parts with it."""
    if neighbour.dialed:
        return neighbour.since + SEED_VISIT
    return min(neighbour.answered_at + SEED_LINGER, neighbour.since + SEED_PATIENCE)
