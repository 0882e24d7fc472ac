"""One budget for all that peers make this node hold: of those who hold it the largest goes, however many they are.

As the system scope of libp2p's resource manager: each connection has limits of its own, and a peer with many keys has
many connections. Whoever holds little is never the one that goes for what others hold.
"""

# Law 1. Those that this node dialed, or that have been here for PROVEN seconds, and all others have half of it each for
#        sure: of these two that one sheds which holds more. So keys that have just been made, however many, crowd out
#        nobody who was here before, and nobody keeps newcomers out (libp2p's transient scope, Bitcoin's protected
#        peers).
# Law 2. Of those the largest goes. Where none is large, many hold it together: then the largest of the source that
#        holds most, an address as a rule. So one who has many keys loses them before another one who holds more than
#        each.
# Law 3. Before any of them goes the node does without what it can do without: contexts that it compresses with have
#        what peers leave of the budget.

from __future__ import annotations

import contextlib
import ctypes
import math
from collections import Counter
from collections.abc import Callable

from ..compression import CompressionPool

__all__ = ["PEER_MEMORY", "MemoryShare", "PeerMemory"]

#: Bytes of memory for messages that wait, bodies that are here in part, answers that are not read, and the channels
#: that peers say they have: half as much again as one channel of 64 busy peers holds with the window that is the
#: default. With what the allocator keeps beside it, and what comes within a turn, a node grows by 128 MiB.
PEER_MEMORY = 96 << 20
#: Bytes of memory a byte of nearly all messages; of one that is heavier twice as much comes before it is noticed.
HEAVY = 128
#: Bytes that peers held who have gone, from which on it is worth some milliseconds to give them back.
WORTH_GIVING_BACK = 16 << 20
#: Bytes that come between two looks at least: a look costs some microseconds.
SHORTEST = 16 << 10
#: Seconds after which a peer that came to this node counts as one that was here before: longer than an attack is new.
PROVEN = 600.0
#: What is no sixteenth of the budget is not large: 6 MiB, which is some windows of one peer.
CROWD = 16


class PeerMemory:
    """That of one node. On the loop's thread only."""

    __slots__ = ("_contexts", "_freed", "_now", "_shares", "limit", "total")

    def __init__(
        self,
        limit: int = PEER_MEMORY,
        now: Callable[[], float] = float,
        contexts: CompressionPool | None = None,
    ) -> None:
        self.limit = limit
        #: What gives way.
        self._contexts = contexts or CompressionPool(0)
        self._now = now
        #: Bytes that all of them held when each was last looked at.
        self.total = 0
        self.change(0)
        self._shares: dict[MemoryShare, None] = {}
        #: Bytes that those held who have gone: free by the next look, and given back to the system if they are many.
        self._freed = 0

    def share(
        self, weigh: Callable[[], int], shed: Callable[[str], None], source: object = None, *, dialed: bool = False
    ) -> MemoryShare:
        """One connection's. `weigh` says what it holds, `shed(why)` ends it and lets go of that.

        `source`: where it comes from, None for a place of its own; `dialed`: this node has chosen it.
        """
        share = MemoryShare(self, weigh, shed, source, -math.inf if dialed else self._now() + PROVEN)
        self._shares[share] = None
        return share

    @property
    def pause(self) -> int:
        """Bytes that may come to one connection before it is looked at again, as all may send that many."""
        room = max(0, self.limit - self.total)
        return max(SHORTEST, room // (HEAVY * max(1, len(self._shares))))

    def forget(self, share: MemoryShare) -> None:
        """It holds nothing any more."""
        if self._shares.pop(share, share) is None:
            self.change(-share.held)
            self._freed += share.held
            share.held = 0

    def change(self, size: int) -> None:
        """`size` bytes more are held; below 0: fewer."""
        self.total += size
        self._contexts.room = self.limit - self.total

    @property
    def too_much(self) -> bool:
        """It is more than may be, with what gives way."""
        return self.total + self._contexts.used > self.limit

    def give_back(self) -> None:
        """Give back to the system what is free."""
        if self._freed >= WORTH_GIVING_BACK:
            self._freed = 0
            give_back_freed_memory()

    def relieve(self) -> None:
        """Too much is held, as it was when each was last looked at: look at all of them, and let the largest go."""
        for share in tuple(self._shares):
            share.count()
        if self.too_much:
            self._contexts.give_way()
        while self.total > self.limit and self._shares:
            largest = self._next()
            why = f"{largest.held} of {self.total} bytes that peers make this node hold, which may hold {self.limit}"
            self.forget(largest)
            largest.let_go(why)

    def _next(self) -> MemoryShare:
        """Who goes."""
        now = self._now()
        fresh = [share for share in self._shares if share.proven_at > now]
        of_fresh = sum(share.held for share in fresh)
        chosen = fresh if 2 * of_fresh > self.total else [share for share in self._shares if share.proven_at <= now]
        largest = max(chosen, key=_held)
        if largest.held * CROWD >= self.limit:
            return largest
        sums = Counter[object]()
        for share in chosen:
            sums[share.source] += share.held
        ((source, _),) = sums.most_common(1)
        return max((share for share in chosen if share.source == source), key=_held)


class MemoryShare:
    """What one connection holds. `proven_at`: when it counts as one that was here before."""

    __slots__ = ("_memory", "_shed", "_weigh", "held", "proven_at", "source")

    def __init__(
        self,
        memory: PeerMemory,
        weigh: Callable[[], int],
        shed: Callable[[str], None],
        source: object,
        proven_at: float,
    ) -> None:
        self.source = object() if source is None else source  # not itself, which would be garbage
        self.proven_at = proven_at
        self._memory = memory
        self._weigh = weigh
        self._shed = shed
        #: Bytes, when it was last looked at.
        self.held = 0

    def count(self) -> None:
        """Look at it."""
        held = self._weigh()
        self._memory.change(held - self.held)
        self.held = held

    def look(self) -> None:
        """The same, and see whether it is too much for the node."""
        self.count()
        self._memory.give_back()
        if self._memory.too_much:
            self._memory.relieve()

    def let_go(self, why: str) -> None:
        """It was the largest."""
        self._shed(why)

    def close(self) -> None:
        """The connection has ended."""
        self._memory.forget(self)
        self._weigh, self._shed = int, _nobody


def give_back_freed_memory() -> None:
    """Have glibc give back what it keeps for later (malloc_trim(3)); elsewhere this does nothing."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _held(share: MemoryShare) -> int:
    return share.held


def _nobody(why: str) -> None:
    """The connection has ended."""
