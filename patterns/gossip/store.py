"""The items that one member of a gossip holds, and the ids that it knows: bounded, whoever sends how much."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b

from .messages import BUCKETS, ID_SIZE
from .options import GossipOptions

__all__ = ["HeldItem", "ItemStore", "item_id"]

#: Bytes that an item takes beside its payload.
AROUND = 400


@dataclass(slots=True)
class HeldItem:
    """An item, when it was made (seconds of this node's clock), and which neighbour brought it; "" is this node."""

    id: bytes
    kind: str
    payload: bytes
    made: float
    source: str

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return len(self.payload) + AROUND


def item_id(kind: str, payload: bytes) -> bytes:
    """Its id. Whoever gets an item computes it anew: nobody's word is taken for it."""
    name = kind.encode()
    return blake2b(payload, digest_size=ID_SIZE, key=name[:64], person=b"pb-gossip").digest()


class ItemStore:
    """Law 1: at most `keep` items of `keep_bytes` together. Where there are more, the neighbour that brought most gives
    its oldest: a peer that floods pushes out its own.
    Law 2: an item that was known is not new again while its id is among the last `remember`.
    """

    def __init__(self, options: GossipOptions) -> None:
        self._options = options
        self.items: dict[bytes, HeldItem] = {}
        #: Ids that are known, the oldest first.
        self.known: OrderedDict[bytes, None] = OrderedDict()
        self.bytes = 0
        self.evicted = 0
        #: When each was made, as a heap; also of those that were given up.
        self._by_age: list[tuple[float, bytes]] = []
        self._by_source: dict[str, OrderedDict[bytes, HeldItem]] = {}
        self._sizes: dict[str, int] = {}
        self._buckets: list[set[bytes]] = [set() for _ in range(BUCKETS)]
        self._hashes: list[bytes | None] = [b""] * BUCKETS

    def remember(self, id_: bytes) -> None:
        """It is known from now on, and forgotten when too many others have come since; not what is held."""
        self.known[id_] = None
        for _ in range(len(self.known)):
            if len(self.known) <= self._options.remember:
                return
            oldest, _ = self.known.popitem(last=False)
            if oldest in self.items:
                self.known[oldest] = None

    def add(self, item: HeldItem) -> None:
        """Hold it, and give up others where there is no room."""
        self.items[item.id] = item
        heapq.heappush(self._by_age, (item.made, item.id))
        self.bytes += item.size
        self._by_source.setdefault(item.source, OrderedDict())[item.id] = item
        self._sizes[item.source] = self._sizes.get(item.source, 0) + item.size
        self._touch(item.id).add(item.id)
        while len(self.items) > self._options.keep or (self.bytes > self._options.keep_bytes and len(self.items) > 1):
            largest = max(self._sizes, key=lambda source: (self._sizes[source], source))
            self._drop(next(iter(self._by_source[largest].values())))
            self.evicted += 1
        self.remember(item.id)

    def expire(self, now: float) -> None:
        """Give up what is too old."""
        while self._by_age and now - self._by_age[0][0] >= self._options.keep_for:
            item = self.items.get(heapq.heappop(self._by_age)[1])
            if item is not None:
                self._drop(item)
        if len(self._by_age) > 2 * len(self.items) + 64:  # of those that were given up
            self._by_age = [(item.made, item.id) for item in self.items.values()]
            heapq.heapify(self._by_age)

    @property
    def next_expiry(self) -> float | None:
        """When the oldest is too old; None where nothing is held."""
        return self._by_age[0][0] + self._options.keep_for if self._by_age else None

    def _drop(self, item: HeldItem) -> None:
        del self.items[item.id]
        self.bytes -= item.size
        of_one = self._by_source[item.source]
        del of_one[item.id]
        self._sizes[item.source] -= item.size
        if not of_one:
            del self._by_source[item.source], self._sizes[item.source]
        self._touch(item.id).discard(item.id)

    def _touch(self, id_: bytes) -> set[bytes]:
        place = _bucket_of(id_)
        self._hashes[place] = None
        return self._buckets[place]

    # Digests.

    def digest(self) -> tuple[bytes, ...]:
        """A hash of the ids in each bucket, empty where there is none. Of a few hundred ids a bucket: microseconds."""
        for place, known in enumerate(self._hashes):
            if known is None:
                ids = sorted(self._buckets[place])
                self._hashes[place] = blake2b(b"".join(ids), digest_size=ID_SIZE).digest() if ids else b""
        return tuple(each or b"" for each in self._hashes)

    def beside(self, digest: tuple[bytes, ...]) -> list[bytes]:
        """Ids that are here, of the buckets in which a neighbour with that digest has others."""
        own = self.digest()
        differ = [place for place, theirs in enumerate(digest[:BUCKETS]) if own[place] != theirs]
        return [each for place in differ for each in sorted(self._buckets[place])]


def _bucket_of(id_: bytes) -> int:
    return id_[0] * BUCKETS >> 8
