"""When a frame leaves, and how large it may become: the rules, which all go by that have something to write.

1. What is written in one turn of the loop leaves together, in the next one (`Writer.schedule`). So tells do, always.
2. An ask that has nothing to share a frame with leaves at once, past the queue; so does the last of the answers.
3. Of many asks or answers some leave before the last is there (EARLY, LEAST), so that both ends have something to do.
4. Tells share frames of half a part, and of a whole one while nobody asks (`Growth`).
5. A sender that tells without a pause lets the loop go on when a frame is full, or two whole ones (`tells_leave`).
"""

from __future__ import annotations

__all__ = ["Growth", "answers_leave", "asks_leave", "tells_leave"]

#: Asks, or answers, of one lane that do not wait for more in this turn: the other end works on them while this one goes
#: on. With 64 in flight that all travelled in one frame, one end rested while the other worked: 9.6 µs each, 5.5 so.
EARLY = 32
#: Asks that do not wait for more where no more than they are under way: half of what is in flight, so that the two
#: halves take turns at the two ends. Fewer do not pay for the call that writes them.
LEAST = 4
#: Frames of half a part that are filled without an ask before they grow: half a millisecond.
CALM = 8
#: Whole frames that are written in one call. Each call wakes the other end: with one a call a message of 100 bytes took
#: 1.85 µs of processor time here and 1.08 there, with two 1.61 and 0.99, with three or four no less.
TOGETHER = 2


def asks_leave(waiting: int, under_way: int) -> bool:
    """Asks that stand in one frame leave now: enough to be begun with."""
    return waiting >= LEAST and (waiting >= under_way or waiting >= EARLY)


def answers_leave(waiting: int, under_way: int) -> bool:
    """Answers leave now: the last of what was asked, which nothing could join, or enough to be begun with."""
    return not under_way or waiting == EARLY


def tells_leave(full: int, *, grown: bool) -> bool:
    """`full` frames of tells are full, the last of them `grown`: the sender gives way, and they are written."""
    return full >= TOGETHER or not grown


class Growth:
    """Whether a frame of tells may grow beyond half a part: nobody has asked, in either direction, for CALM frames.

    Not at once: an asker that asks again and again has no ask under way for a moment, in which a frame is filled.
    """

    __slots__ = ("_asked", "_calm")

    def __init__(self) -> None:
        #: Asks of both sides when a frame was filled last, and how many were filled since there was another.
        self._asked = (0, 0)
        self._calm = 0

    def allows(self, asked: int, asked_here: int, *, alone: bool) -> bool:
        """A frame is full. `asked`, `asked_here`: numbers that another ask changes, of this side and of the peer's.

        `alone`: nothing else is to be written, and no ask is under way.
        """
        both = asked, asked_here
        if both != self._asked or not alone:
            self._asked, self._calm = both, 0
            return False
        self._calm += 1
        return self._calm > CALM
