"""One budget for all that peers make this node hold: of those who hold it the largest goes, however many they are.

As the system scope of libp2p's resource manager: each connection has limits of its own, and a peer with many keys has
many connections. Whoever holds little is never the one that goes for what others hold.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["PEER_MEMORY", "MemoryShare", "PeerMemory"]

#: Bytes of memory for messages that wait, bodies that are here in part, answers that are not read: what a small machine
#: can spare, and as much as four channels of 64 busy peers hold with the windows that are the default.
PEER_MEMORY = 256 << 20
#: Bytes of memory a byte of nearly all messages; of one that is heavier twice as much comes before it is noticed.
HEAVY = 128
#: Bytes that come between two looks at least: a look costs some microseconds.
SHORTEST = 16 << 10


class PeerMemory:
    """That of one node. On the loop's thread only."""

    __slots__ = ("_shares", "limit", "total")

    def __init__(self, limit: int = PEER_MEMORY) -> None:
        self.limit = limit
        #: Bytes that all of them held when each was last looked at.
        self.total = 0
        self._shares: dict[MemoryShare, None] = {}

    def share(self, weigh: Callable[[], int], shed: Callable[[str], None]) -> MemoryShare:
        """One connection's. `weigh` says what it holds, `shed(why)` ends it and lets go of that."""
        share = MemoryShare(self, weigh, shed)
        self._shares[share] = None
        return share

    @property
    def pause(self) -> int:
        """Bytes that may come to one connection before it is looked at again, as all may send so many."""
        room = max(0, self.limit - self.total)
        return max(SHORTEST, room // (HEAVY * max(1, len(self._shares))))

    def forget(self, share: MemoryShare) -> None:
        """It holds nothing any more."""
        if self._shares.pop(share, share) is None:
            self.total -= share.held
            share.held = 0

    def relieve(self) -> None:
        """Too much is held, as it was when each was last looked at: look at all of them, and let the largest go."""
        for share in tuple(self._shares):
            share.count()
        while self.total > self.limit and self._shares:
            largest = max(self._shares, key=lambda share: share.held)
            why = f"{largest.held} of {self.total} bytes that peers make this node hold, which may hold {self.limit}"
            self.forget(largest)
            largest.let_go(why)


class MemoryShare:
    """What one connection holds."""

    __slots__ = ("_memory", "_shed", "_weigh", "held")

    def __init__(self, memory: PeerMemory, weigh: Callable[[], int], shed: Callable[[str], None]) -> None:
        self._memory = memory
        self._weigh = weigh
        self._shed = shed
        #: Bytes, when it was last looked at.
        self.held = 0

    def count(self) -> None:
        """Look at it."""
        held = self._weigh()
        self._memory.total += held - self.held
        self.held = held

    def look(self) -> None:
        """The same, and see whether it is too much for the node."""
        self.count()
        if self._memory.total > self._memory.limit:
            self._memory.relieve()

    def let_go(self, why: str) -> None:
        """It was the largest."""
        self._shed(why)

    def close(self) -> None:
        """The connection has ended."""
        self._memory.forget(self)
        self._weigh, self._shed = int, _nobody


def _nobody(why: str) -> None:
    """The connection has ended."""
