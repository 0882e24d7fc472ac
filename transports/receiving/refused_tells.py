"""Tells of a peer that found no place: it is told in a few words, at a pace that it does not set.

Law 1. Each is counted at once, and told once: those of one channel that follow each other, for one reason, in one ERROR
       where the peer reads of how many that speaks.
Law 2. Their credit goes back behind that word, so the peer still has the messages as it hears what became of them,
       unless what it sent after them has come through; and what it may send of them meanwhile is a window at most.
Law 3. What the peer may not send it was told, or is about to be. Whoever sends it all the same hears of it `PAUSE`
       seconds apart: nothing else is held up by that, as the credit for it is of its channel.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ...actors.base import NotAllowed, SendError
from ..lanes import InLane

__all__ = ["PAUSE", "RefusedTells"]

#: Seconds between two words of what a peer may not send: 10,240 messages a second and channel, of the default window.
PAUSE = 0.1


class RefusedRun:
    """Some of one channel that follow each other, and were refused for one reason."""

    __slots__ = ("code", "count", "first", "lane", "size", "text")

    def __init__(self, lane: InLane, first: int, size: int, code: str, text: str) -> None:
        self.lane = lane
        self.first = first
        self.count = 1
        self.size = size
        self.code = code
        self.text = text


class RefusedTells:
    """Those of one connection, on the loop's thread. `say(rid, channel, sequence, code, text, count)` tells the peer;
    `counted`: it reads of how many messages an ERROR speaks.
    """

    __slots__ = ("_counted", "_last", "_late", "_loop", "_next", "_say", "_timer", "_waiting", "hasty")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        say: Callable[[int, int, int, str, object, int], None],
        *,
        counted: bool,
    ) -> None:
        self._loop = loop
        self._say = say
        self._counted = counted
        self._waiting: list[RefusedRun] = []
        #: By the number of a channel, the one that the next may belong to.
        self._last: dict[int, RefusedRun] = {}
        #: Tells the peer: in the loop's next turn, or where `_late` when its time has come.
        self._timer: asyncio.Handle | None = None
        self._late = False
        #: When the peer may hear again of what it may not send.
        self._next = 0.0
        #: The connection is about to end: nothing waits for its time.
        self.hasty = False

    def add(self, lane: InLane, sequence: int, size: int, error: SendError) -> None:
        """The tell of that sequence found no place."""
        code, text = error.reason, str(error)
        lane.refuse(code)
        run = self._last.get(lane.index)
        if run is None or run.first + run.count != sequence or run.code != code or run.text != text:
            run = self._last[lane.index] = RefusedRun(lane, sequence, size, code, text)
            self._waiting.append(run)
        else:
            run.count += 1
            run.size += size
        late = code == NotAllowed.reason and not self.hasty and self._loop.time() < self._next
        if self._timer is not None and self._late and not late:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._late = late
            self._timer = self._loop.call_at(self._next, self.tell) if late else self._loop.call_soon(self.tell)

    def tell(self) -> None:
        """Tell the peer of all that wait, now, and give their credit back."""
        for run in self._take():
            if run.code == NotAllowed.reason:
                self._next = self._loop.time() + PAUSE
            if self._counted:
                self._say(0, run.lane.index, run.first, run.code, run.text, run.count)
            else:
                for sequence in range(run.first, run.first + run.count):
                    self._say(0, run.lane.index, sequence, run.code, run.text, 1)
            run.lane.dequeued(run.count, run.size)

    def end(self) -> None:
        """The connection has ended: nobody hears any more, and what was held is free."""
        for run in self._take():
            run.lane.dequeued(run.count, run.size)

    def _take(self) -> list[RefusedRun]:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        self._last.clear()
        return waiting
