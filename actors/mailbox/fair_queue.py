"""A queue that is first-in-first-out for each source and takes turns between sources."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from .envelope import Envelope

__all__ = ["KEPT_LANES", "FairQueue"]

#: Empty lanes that are kept for their next message: making a lane costs more than keeping a few.
KEPT_LANES = 16


class FairQueue:
    """Envelopes in one lane per `source`; `get` takes one of each lane in turn.

    A source that floods fills its own lane only: with n busy sources, each gets every n-th turn.

    Law: a lane that holds something is in `turns`; one that was taken out holds nothing.

    `lanes` and `turns` are open to the mailbox, which does what `put` and `get` do without the two calls (measured:
    a tenth of a send).
    """

    __slots__ = ("lanes", "turns")

    def __init__(self) -> None:
        self.lanes: dict[object, deque[Envelope]] = {}
        #: The lanes that are not empty, in the order of their turns.
        self.turns: deque[deque[Envelope]] = deque()

    def __bool__(self) -> bool:
        return bool(self.turns)

    def __len__(self) -> int:
        return sum(map(len, self.turns))

    def __iter__(self) -> Iterator[Envelope]:
        for lane in self.turns:
            yield from lane

    def put(self, envelope: Envelope) -> None:
        """Append to the lane of the envelope's source."""
        lane = self.lanes.get(envelope.source)
        if lane is None:
            lane = self.lanes[envelope.source] = deque()
        if not lane:
            self.turns.append(lane)
        lane.append(envelope)

    def put_all(self, envelopes: list[Envelope]) -> None:
        """Append some of one source, at least one."""
        self.put(envelopes[0])
        self.lanes[envelopes[0].source].extend(envelopes[1:])

    def get(self) -> Envelope | None:
        """Take the envelope whose turn it is; None when empty."""
        turns = self.turns
        if not turns:
            return None
        lane = turns[0]
        envelope = lane.popleft()
        if not lane:
            turns.popleft()
            if len(self.lanes) > KEPT_LANES:
                del self.lanes[envelope.source]
        elif len(turns) > 1:
            turns.rotate(-1)
        return envelope

    def get_from_longest(self) -> Envelope | None:
        """Take the oldest envelope of the source that has most waiting; None when empty."""
        if not self.turns:
            return None
        lane = max(self.turns, key=len)
        envelope = lane.popleft()
        if not lane:
            self.turns.remove(lane)
            if len(self.lanes) > KEPT_LANES:
                del self.lanes[envelope.source]
        return envelope

    def take_out(self, envelope: Envelope) -> None:
        """Take one that is here."""
        lane = self.lanes[envelope.source]
        del lane[next(place for place, each in enumerate(lane) if each is envelope)]
        if not lane:
            self.turns.remove(lane)
            if len(self.lanes) > KEPT_LANES:
                del self.lanes[envelope.source]

    def take_of(self, source: object) -> list[Envelope]:
        """Take all of one source."""
        lane = self.lanes.pop(source, None)
        if not lane:
            return []
        for _ in range(len(self.turns)):  # in place: a turn of the actor holds it
            if (each := self.turns.popleft()) is not lane:
                self.turns.append(each)
        left = list(lane)
        lane.clear()
        return left

    def take_all(self) -> list[Envelope]:
        """Empty it; returns what was there, in no promised order."""
        left = list(self)
        for lane in self.turns:
            lane.clear()
        self.lanes.clear()
        self.turns.clear()
        return left

    def holds_older(self, envelope: Envelope) -> bool:
        """There is one of the same source and message type: `replace` would find it."""
        lane = self.lanes.get(envelope.source)
        return bool(lane) and any(older.message.__class__ is envelope.message.__class__ for older in lane or ())

    def replace(self, envelope: Envelope) -> Envelope | None:
        """Put `envelope` in place of the newest one of the same source and message type, and return that one.

        None, and nothing put, where there is none.
        """
        lane = self.lanes.get(envelope.source)
        if lane:
            message_type = envelope.message.__class__
            for index in range(len(lane) - 1, -1, -1):
                if lane[index].message.__class__ is message_type:
                    replaced = lane[index]
                    lane[index] = envelope
                    return replaced
        return None
