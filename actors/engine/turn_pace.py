"""How long one turn of an actor lasts, in messages and in time, before others have theirs.

How long a handler takes is up to its author, how many messages wait is up to their senders, and all others on the loop
wait for both. So a turn is bounded in time as well. A look at the clock costs a tenth of a tell: it is looked at after
the first message of a turn that has more, then after 2, 4 and 16, and from there on after each 16, which is 0.1 looks
a message where handlers are fast. Where they are not, as many more are handled as fit into the time by the pace so far,
and behind half of the time it is looked at after each message, so a slow handler is noticed at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

__all__ = [
    "BATCH",
    "BRISK",
    "LIGHT",
    "ROUNDS",
    "SPAN",
    "STEPS",
    "TURN_SPAN",
    "UNSEEN",
    "UNSEEN_OF_PEERS",
    "TurnPace",
    "until_look",
]

#: Messages that an actor handles before others get their turn (measured: 8 costs 27 %, 256 gains nothing).
BATCH: Final = 64
#: A turn that began with a full mailbox has at most ROUNDS times BATCH messages, in SPAN seconds: senders that wait for
#: room go on when it ends, and one wait costs as much as ten tells. With BATCH a sender without a pause waited every 64
#: tells: 0.78 M/s in place of 0.90.
ROUNDS: Final = 8
SPAN: Final = 0.0003
#: Seconds of a turn behind its first message. 64 answers of a megabyte took 40 ms, 64 calls of 1 ms as many.
TURN_SPAN: Final = 0.002
#: Messages between two looks at the clock, at most; fewer where some that peers sent are larger than LIGHT bytes, as
#: how large these are is for the peers to say.
UNSEEN: Final = 16
UNSEEN_OF_PEERS: Final = 4
LIGHT: Final = 1024
#: A turn of fewer than BATCH messages that has lasted no longer goes on by STEPS: whatever it has handled, 16 more of
#: its pace fit.
BRISK: Final = TURN_SPAN / 32
#: Messages until the next look, by those that were handled beyond whole batches.
STEPS: Final = (
    UNSEEN,
    *(min(handled if handled < 4 else 3 * handled, UNSEEN, BATCH - handled) for handled in range(1, BATCH)),
)


def until_look(handled: int, seconds: float, unseen: int) -> int:
    """Messages until the next look at the clock, where those that were `handled` took `seconds`; 0: the turn is over.

    `seconds`: without the first message. `unseen`: messages between two looks, at most.
    """
    if seconds >= (TURN_SPAN if handled < BATCH else SPAN):
        return 0
    if 2 * seconds >= TURN_SPAN:
        return 1
    most = min(STEPS[handled % BATCH], unseen)
    if seconds < (BRISK if handled < BATCH else SPAN):
        return most
    return max(1, min(most, int((handled - 1) * (TURN_SPAN - seconds) / seconds)))


class TurnPace:
    """Those looks, for turns in which a call a message counts for little: ask `goes_on` before each.

    `unseen`: messages between two looks, at most.
    """

    __slots__ = ("_began", "_handled", "_look", "_now", "_unseen")

    def __init__(self, now: Callable[[], float], unseen: int = UNSEEN) -> None:
        self._now = now
        self._unseen = unseen
        self.begin()

    def begin(self) -> None:
        """A turn begins."""
        self._handled = 0
        #: After which message the clock is looked at.
        self._look = 1
        #: When the first message had been handled.
        self._began = 0.0

    def goes_on(self) -> bool:
        """One message more may be handled in this turn."""
        handled = self._handled
        if handled == self._look:
            if handled >= BATCH:
                return False
            now = self._now()
            if handled == 1:
                self._began = now
            step = until_look(handled, now - self._began, self._unseen)
            if not step:
                return False
            self._look = handled + step
        self._handled = handled + 1
        return True
