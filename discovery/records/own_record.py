"""When this node signs a new record of itself: at each change, and in time before the old one expires."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from ...actors.base import ConfigError
from ...actors.messages import Capability
from ...transports.streams import Endpoint, Identity
from .record import PeerRecord, sign_record

__all__ = [
    "LIFETIME",
    "MAX_ENDPOINTS",
    "MAX_OFFERS",
    "MAX_OFFERS_BYTES",
    "OwnRecord",
    "check_offers_fit",
    "that_fit",
]

#: Seconds that a record of ours is good for: about as long as a node that vanished is still told of.
LIFETIME = 3600.0
#: Part of that time after which it is renewed (less a tenth by chance), so that two renewals may get lost.
RENEW_AFTER = 1 / 3
#: Roles of one node, and bytes of their text: what a record and a HELLO can carry.
MAX_OFFERS = 64
MAX_OFFERS_BYTES = 1024
#: Endpoints of one record, and bytes of their text: what a record can carry beside the offers.
MAX_ENDPOINTS = 8
MAX_ENDPOINTS_BYTES = 400


def check_offers_fit(offers: Iterable[Capability]) -> None:
    """Raises ConfigError where a node offers more than a record or a HELLO can carry."""
    texts = [str(offer).encode() for offer in offers]
    size = sum(map(len, texts))
    if len(texts) > MAX_OFFERS or size > MAX_OFFERS_BYTES:
        raise ConfigError(
            f"{len(texts)} offers of {size} bytes; peers are told of at most {MAX_OFFERS}, "
            f"of {MAX_OFFERS_BYTES} bytes in all: offer fewer roles, or shorter attributes"
        )


class OwnRecord:
    """Signs, and remembers what it signed last. Times are seconds since 1970 (UTC).

    The sequence number is the time of signing in milliseconds, and always above the last one: it grows over restarts
    with a book whatever the clock says, and without one as long as the clock is not set back by more than the pause
    between them. Where it was, peers refuse this node's records as stale until their clock is past the old number;
    connections do not depend on it. `last_sequence` is that of a record which a former life of this node has signed.
    """

    def __init__(
        self, identity: Identity, network: str, rng: random.Random, *, private: bool = False, last_sequence: int = 0
    ) -> None:
        self._identity = identity
        self._network = network
        self._rng = rng
        self._private = private
        self._sequence = last_sequence
        #: What was signed last; None before the first.
        self.record: PeerRecord | None = None
        #: When to sign the next one at the latest.
        self.renew_at = 0.0

    @property
    def data(self) -> bytes:
        """The record as it travels; empty before the first."""
        return b"" if self.record is None else self.record.data

    def go_on_after(self, last_sequence: int) -> None:
        """A former life of this node has signed that number: the next one is above it, whatever the clock says."""
        # And above those that it signed in its last second, which the book may not have.
        self._sequence = max(self._sequence, last_sequence + 10 if last_sequence else 0)

    def sign(self, endpoints: Sequence[Endpoint], offers: Iterable[Capability], now: float) -> PeerRecord:
        """A new record. Endpoints that are no place for others, or do not fit, are left out."""
        self._sequence = max(self._sequence + 1, int(now * 1000))
        self.record = sign_record(
            self._identity,
            network=self._network,
            sequence=self._sequence,
            expires=int(now + LIFETIME),
            endpoints=that_fit(endpoints),
            offers=offers,
            private=self._private,
        )
        self.renew_at = now + LIFETIME * RENEW_AFTER * (1.0 - 0.1 * self._rng.random())
        return self.record


def that_fit(endpoints: Iterable[Endpoint]) -> list[Endpoint]:
    """Of these, in their order, those that are places, as many as a record can carry."""
    fitting: list[Endpoint] = []
    left = MAX_ENDPOINTS_BYTES
    for endpoint in dict.fromkeys(endpoint.without_peer() for endpoint in endpoints):
        size = len(str(endpoint).encode())
        if endpoint.is_place and len(fitting) < MAX_ENDPOINTS and size <= min(left, 255):
            fitting.append(endpoint)
            left -= size
    return fitting
