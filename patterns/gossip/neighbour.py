"""One neighbour of a gossip: what waits for it, what it was asked, and how far it is believed. All of it is bounded."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Container

__all__ = ["GossipNeighbour"]

#: Ids that wait to be sent to one neighbour, of each kind.
MOST_QUEUED = 16_384
#: Ids that a neighbour is remembered to know.
MOST_KNOWN = 4096
#: Ids that it may announce between two exchanges, and that are not here.
ANNOUNCED = 16_384
#: Words broken, or invalid items, between two exchanges, and seconds for which it is not listened to then.
MOST_BROKEN, DISTRUST = 64, 60.0


class GossipNeighbour:
    """See the module. `eager`: it gets items at once."""

    def __init__(self, *, eager: bool) -> None:
        self.eager = eager
        #: To be sent: a Prune; a Digest, asking for one, or as asked.
        self.prune = self.digest = self.digest_back = False
        self.pushes: deque[bytes] = deque()
        self.asks: deque[bytes] = deque()
        #: What it was asked for; true once it was written.
        self.asked: dict[bytes, bool] = {}
        self._queued: set[bytes] = set()
        self._announcements: deque[bytes] = deque()
        self._compared: deque[bytes] = deque()
        self.announce_at: float | None = None
        self._knows: OrderedDict[bytes, None] = OrderedDict()
        self._served: Counter[bytes] = Counter()
        self._announced = self._broken = self.digests = 0
        self.distrusted_until = 0.0
        #: A message to it did not arrive.
        self.failed = False

    # What waits for it.

    def push(self, id_: bytes) -> None:
        """Send it that item."""
        if id_ not in self._queued and len(self.pushes) < MOST_QUEUED:
            self._queued.add(id_)
            self.pushes.append(id_)

    def pushed(self, id_: bytes) -> None:
        """It was sent."""
        self._queued.discard(id_)
        self.knows(id_)

    def announce(self, id_: bytes, at: float) -> None:
        """Tell it of that item, together with others, at that time."""
        if id_ not in self._knows and len(self._announcements) < MOST_QUEUED:
            self._announcements.append(id_)
            self.announce_at = at if self.announce_at is None else self.announce_at

    def compare(self, ids: list[bytes]) -> None:
        """Tell it of these, among which it may have others, at once."""
        self._compared = deque(ids[:MOST_QUEUED])

    def ask(self, id_: bytes) -> None:
        """Ask it for that item."""
        self.asks.append(id_)
        self.asked[id_] = False

    def take_asks(self, most: int) -> tuple[bytes, ...]:
        """Those that are written now."""
        taken = tuple(self.asks.popleft() for _ in range(min(most, len(self.asks))))
        written = [each for each in taken if each in self.asked]
        self.asked.update(dict.fromkeys(written, True))
        return taken

    def take_announcements(self, now: float, most: int, held: Container[bytes]) -> tuple[tuple[bytes, ...], bool]:
        """Ids to tell it of now, and whether no push of them is on its way."""
        found: list[bytes] = []
        while self._compared and len(found) < most:
            id_ = self._compared.popleft()
            if id_ in held:
                found.append(id_)
        if found:
            return tuple(found), True
        if self.announce_at is None or self.announce_at > now:
            return (), False
        while self._announcements and len(found) < most:
            id_ = self._announcements.popleft()
            if id_ in held and id_ not in self._knows:
                found.append(id_)
        if not self._announcements:
            self.announce_at = None
        return tuple(found), False

    # What it says.

    def knows(self, id_: bytes) -> None:
        """It has that item, or was sent it."""
        self._knows[id_] = None
        if len(self._knows) > MOST_KNOWN:
            self._knows.popitem(last=False)

    def may_announce(self) -> bool:
        """It has not announced too much that is not here."""
        self._announced += 1
        return self._announced <= ANNOUNCED

    def serve(self, id_: bytes, most: int) -> bool:
        """It asks for that item, and has not too often."""
        self._served[id_] += 1
        return self._served[id_] <= most

    def break_word(self, now: float) -> bool:
        """It has not sent what it said it had. True: it is not listened to from now on, for a while."""
        return self.wrong(now)

    def wrong(self, now: float) -> bool:
        """It did what an honest neighbour does by accident at most. True: too often."""
        self._broken += 1
        if self._broken < MOST_BROKEN:
            return False
        self._broken, self.distrusted_until = 0, now + DISTRUST
        return True

    def begin_anew(self, wanted: Container[bytes]) -> None:
        """The time of an exchange is over: count anew. `wanted`: what is still looked for."""
        self._served.clear()
        self.asked = {id_: written for id_, written in self.asked.items() if not written or id_ in wanted}
        if self.failed:
            self.failed, self.digest = False, True
        self._announced = self.digests = 0
        self._broken = max(0, self._broken - MOST_BROKEN // 4)
