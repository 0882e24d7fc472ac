"""Which blocks are still to be fetched, and for how many of them one stream asks.

A long run costs little for each block, and leaves much to others where its archive goes or is slow. So a run is as long
as comes in a moment, learnt from those that came; and near the end everybody gets a share of what is left.
"""

from __future__ import annotations

from collections import deque

__all__ = ["LONGEST_RUN", "Runs"]

# Law 1: each block is in one run, or waits, or has come: none is asked for twice while it is under way.
# Law 2: a run is one block until something is known, at most twice as long as the one that taught it, and never longer
#        than LONGEST_RUN or than a share of what is left.

#: Seconds that a run is to take: of a thin line it is one block, of a fast one the longest.
MOMENT = 1.0
#: Blocks of a run, at most: what one archive that goes leaves to the others.
LONGEST_RUN = 64


class Runs:
    """Sans-IO. `blocks` are to come, by `at_once` streams at most."""

    __slots__ = ("_length", "_missing", "_shares", "left")

    def __init__(self, blocks: int, at_once: int) -> None:
        self._missing = deque([range(blocks)] if blocks else ())
        self._shares = 2 * at_once
        self._length = 1
        #: Blocks that nobody fetches at the moment.
        self.left = blocks

    def take(self) -> range:
        """The next run; empty where nothing is left."""
        if not self._missing:
            return range(0)
        first = self._missing.popleft()
        length = min(self._length, -(-self.left // self._shares), len(first))
        if length < len(first):
            self._missing.appendleft(first[length:])
        self.left -= length
        return first[:length]

    def give_back(self, run: range) -> None:
        """These did not come: they are the next to be fetched."""
        if run:
            self._missing.appendleft(run)
            self.left += len(run)

    def came(self, blocks: int, seconds: float) -> None:
        """`blocks` came in one stream, in `seconds`."""
        fits = int(MOMENT * blocks / max(seconds, MOMENT / LONGEST_RUN))
        self._length = max(1, min(fits, 2 * blocks if blocks >= self._length else self._length, LONGEST_RUN))

    def failed(self) -> None:
        """None came in time: one at a time, until some do."""
        self._length = 1
