"""The numbers by which asks are known on the wire while they are open: each has its own, and is answered by it."""

from __future__ import annotations

from .batch import Outgoing
from .out_lane import OutLane

__all__ = ["MAX_RID", "NoRequestIds", "RequestIds"]

#: The largest one that the wire has room for; then they begin anew, leaving out those that are open.
MAX_RID = 2**32 - 1


class RequestIds:
    """Those of one connection. On the loop's thread only."""

    __slots__ = ("by_rid", "last")

    def __init__(self) -> None:
        #: What was written and is not answered.
        self.by_rid: dict[int, Outgoing] = {}
        #: The one that was given last.
        self.last = 0

    def give(self, lane: OutLane, outgoing: Outgoing) -> int:
        """The ask is being written on that lane: the next number that is free is its own until it is over."""
        rid = self.last
        while True:
            rid = rid + 1 if rid < MAX_RID else 1
            if rid not in self.by_rid:
                break
        self.last = rid
        self.by_rid[rid] = outgoing
        lane.open_asks += 1
        return rid


class NoRequestIds(RequestIds):
    """Those of a connection that has ended: nothing is written."""

    __slots__ = ()

    def give(self, lane: OutLane, outgoing: Outgoing) -> int:
        """There are none. Raises RuntimeError."""
        raise RuntimeError(f"the connection has ended, and {outgoing!r} is not written")
