"""A queue that is first-in-first-out for each source and takes turns between sources."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from .envelope import Envelope

__all__ = ["FairQueue"]

#: Empty lanes that are kept for their next message: making a lane costs more than keeping a few.
KEPT_LANES = 16


class FairQueue:
    """Envelopes in one lane per `source`; `get` takes one of each lane in turn.

    A source that floods fills its own lane only: with n busy sources, each gets every n-th turn.
    """

    __slots__ = ("_lanes", "_turns")

    def __init__(self) -> None:
        self._lanes: dict[object, deque[Envelope]] = {}
        #: The lanes that are not empty, in the order of their turns.
        self._turns: deque[deque[Envelope]] = deque()

    def __bool__(self) -> bool:
        return bool(self._turns)

    def __len__(self) -> int:
        return sum(map(len, self._turns))

    def __iter__(self) -> Iterator[Envelope]:
        for lane in self._turns:
            yield from lane

    def put(self, envelope: Envelope) -> None:
        """Append to the lane of the envelope's source."""
        lane = self._lanes.get(envelope.source)
        if lane is None:
            lane = self._lanes[envelope.source] = deque()
        if not lane:
            self._turns.append(lane)
        lane.append(envelope)

    def get(self) -> Envelope | None:
        """Take the envelope whose turn it is; None when empty."""
        turns = self._turns
        if not turns:
            return None
        lane = turns[0]
        envelope = lane.popleft()
        if not lane:
            turns.popleft()
            if len(self._lanes) > KEPT_LANES:
                del self._lanes[envelope.source]
        elif len(turns) > 1:
            turns.rotate(-1)
        return envelope

    def get_from_longest(self) -> Envelope | None:
        """Take the oldest envelope of the source that has most waiting; None when empty."""
        if not self._turns:
            return None
        lane = max(self._turns, key=len)
        envelope = lane.popleft()
        if not lane:
            self._turns.remove(lane)
            if len(self._lanes) > KEPT_LANES:
                del self._lanes[envelope.source]
        return envelope

    def replace(self, envelope: Envelope) -> Envelope | None:
        """Put `envelope` in place of the newest one of the same source and message type, and return that one.

        None, and nothing put, where there is none.
        """
        lane = self._lanes.get(envelope.source)
        if lane:
            message_type = envelope.message.__class__
            for index in range(len(lane) - 1, -1, -1):
                if lane[index].message.__class__ is message_type:
                    replaced = lane[index]
                    lane[index] = envelope
                    return replaced
        return None
