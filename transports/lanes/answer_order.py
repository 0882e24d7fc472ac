"""What a reactor says last to a peer, behind what it has told there before: an answer, an error, the end of a stream.

Law 1. What a reactor told the peer before it answered is written before the answer is, to the last byte.
Law 2. Answers wait for nothing else: not for what other reactors tell, nor for what is told later on, but for at most
       the rest of a frame that has room.
Law 3. What never is written, as the peer's reactor has stopped, is waited for no longer.

So it costs an answer one look at whether another lane has something to write, and a tell nothing: what waits in a lane
is looked through when an answer asks, each message once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .batch import Batch
from .lane_turn import LaneTurn
from .out_lane import OutLane

__all__ = ["AnswerOrder"]


class LastTold:
    """The last tell of one origin that a lane has still to write."""

    __slots__ = ("_batch", "_frames", "_turn")

    def __init__(self, turn: LaneTurn, batch: Batch | None, before: int) -> None:
        self._turn = turn
        #: What it stands in; None: in the body that is being cut.
        self._batch = batch
        self._frames = turn.frames + before

    def written(self) -> bool:
        """It is, or never will be."""
        turn, batch = self._turn, self._batch
        if turn.frames >= self._frames or not turn.busy:
            return True
        return batch is not None and not batch.items and turn.cutting is None


class AnswerOrder:
    """Those of one connection that wait. On the loop's thread."""

    __slots__ = ("held", "waiting")

    def __init__(self) -> None:
        #: Turns that are held back behind another connection: they stand in no round.
        self.held: list[LaneTurn] = []
        #: What is to be said, with what goes before it.
        self.waiting: list[tuple[list[LastTold], Callable[[], None]]] = []

    def put(self, origin: int, turns: Iterable[LaneTurn], say: Callable[[], None]) -> bool:
        """Call `say` when what that origin has told on these lanes is written. False: nothing is to be waited for."""
        told = [found for turn in (*turns, *self.held) if (found := _last_told(turn, origin)) is not None]
        if told:
            self.waiting.append((told, say))
        return bool(told)

    def look(self) -> None:
        """Something was written, or never will be."""
        waiting, self.waiting = self.waiting, []
        for told, say in waiting:
            if all(each.written() for each in told):
                say()
            else:
                self.waiting.append((told, say))


def _last_told(turn: LaneTurn, origin: int) -> LastTold | None:
    lane = turn.lane
    if isinstance(lane, OutLane):
        cut = turn.cutting is not None
        for place in range(len(lane.queue), 0, -1):
            if lane.queue[place - 1].tells_of(origin):
                return LastTold(turn, lane.queue[place - 1], place + cut)
        if cut and origin in turn.origins:
            return LastTold(turn, None, 1)
    return None
