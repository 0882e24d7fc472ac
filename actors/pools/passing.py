"""What goes with a message that a pool hands on itself: its answer, its credit, and its wait for a member's room.

Nearly all messages go straight to a member. These are of the others, that have waited in the pool's own mailbox.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from ..base import SendError
from ..mailbox import Carrier, Envelope, ReplyTo
from .plan import Combine

__all__ = ["Copy", "Fence", "GatheredReply", "HeldCredit", "ReplyPart", "SharedCredit"]


class HeldCredit:
    """The credit of a peer's message in the pool's own mailbox: it goes back when a member takes the message."""

    __slots__ = ("of",)

    def __init__(self, of: Carrier) -> None:
        self.of = of

    def dequeued(self, messages: int, size: int) -> None:
        """It left the pool's own mailbox, for a member's."""


class SharedCredit:
    """The credit of one message that several members get: it goes back when the last of them has taken it."""

    __slots__ = ("_of", "_taken", "_times")

    def __init__(self, of: Carrier, times: int) -> None:
        self._of = of
        self._times = times
        self._taken = itertools.count(1)  # atomic, as members may be threads

    def dequeued(self, messages: int, size: int) -> None:
        """One of them has taken it."""
        if next(self._taken) == self._times:
            self._of.dequeued(messages, size)


class GatheredReply:
    """The answer to an ask that the pool has handed on, to one member or to all. On the loop's thread.

    It is there when the last of them has answered; the first failure ends it.
    """

    __slots__ = ("_answers", "_combine", "_left", "_over", "over", "parts", "reply")

    def __init__(self, reply: ReplyTo, combine: Combine | None, over: Callable[[GatheredReply], object]) -> None:
        self.reply = reply
        #: Of each member that was asked, by its place.
        self.parts: list[ReplyPart] = []
        #: It has ended, as far as is known; from any thread.
        self.over = False
        self._answers: dict[int, object] = {}
        self._combine = combine
        self._left = 0
        self._over = over

    def part(self, of: object, bring: Callable[[Callable[[], object]], object] | None) -> ReplyPart:
        """Where a member's answer goes. `bring`: runs an action on the loop's thread, for one that runs elsewhere."""
        part = ReplyPart(self, len(self.parts), of, bring)
        self.parts.append(part)
        self._left += 1
        return part

    def done(self) -> bool:
        """Nobody waits any more."""
        if not self.over and self.reply.done():
            self._end()
        return self.over

    def answered(self, place: int, value: object) -> None:
        """A member has answered."""
        if self.done():
            return
        self._answers[place] = value
        self._left -= 1
        if self._left:
            return
        self._end()
        if self._combine is None:
            self.reply.succeed(value)
            return
        try:
            answer = self._combine([self._answers[at] for at in sorted(self._answers)])
        except Exception as error:  # noqa: BLE001  # the program's function
            self.reply.raised(error)
        else:
            self.reply.succeed(answer)

    def raised(self, error: BaseException) -> None:
        """A member's handler raised."""
        if not self.done():
            self._end()
            self.reply.raised(error)

    def fail(self, error: BaseException) -> None:
        """It ended before a member could answer."""
        if not self.done():
            self._end()
            self.reply.fail(error)

    def _end(self) -> None:
        self.over = True
        self._over(self)


class ReplyPart:
    """Where one member's answer goes; see `mailbox.ReplyTo`. From the member's thread."""

    __slots__ = ("_bring", "ended", "of", "place", "whole")

    def __init__(
        self, whole: GatheredReply, place: int, of: object, bring: Callable[[Callable[[], object]], object] | None
    ) -> None:
        self.whole = whole
        self.place = place
        #: The member that was asked.
        self.of = of
        #: The member has said what became of it.
        self.ended = False
        self._bring = bring

    def done(self) -> bool:
        """Nobody waits any more."""
        return self.whole.done() if self._bring is None else self.whole.over

    def succeed(self, value: object) -> None:
        """The handler answered."""
        self._say(lambda: self.whole.answered(self.place, value))

    def raised(self, error: BaseException) -> None:
        """The handler raised."""
        self._say(lambda: self.whole.raised(error))

    def fail(self, error: BaseException) -> None:
        """It ended before a handler could answer it."""
        self._say(lambda: self.whole.fail(error))

    def _say(self, action: Callable[[], object]) -> None:
        self.ended = True
        if self._bring is None:
            action()
        else:
            self._bring(action)


class Copy:
    """A message that waits for room at a member; see `mailbox.Waiter`. From the member's thread."""

    __slots__ = ("_admitted", "_refused", "envelope", "withdrawn")

    def __init__(
        self,
        envelope: Envelope,
        admitted: Callable[[], object],
        refused: Callable[[Envelope, SendError], object],
    ) -> None:
        self.envelope = envelope
        self.withdrawn = ""
        self._admitted = admitted
        self._refused = refused

    def admitted(self) -> bool:
        """There is room, unless nobody waits for the answer any more."""
        self._admitted()
        reply, carrier = self.envelope.reply, self.envelope.carrier
        if reply is None or not reply.done():
            return True
        if carrier is not None:
            carrier.dequeued(1, self.envelope.size)
        return False

    def refused(self, error: SendError) -> None:
        """The member has ended."""
        self._admitted()
        self._refused(self.envelope, error)


class Fence:
    """Stands behind what a member had to do when keys moved: once it is taken, that is done.

    It lies in the mailbox as what a timer has put, and is one that was cancelled: no handler sees it.
    """

    __slots__ = ("_passed", "message", "wants_end")

    def __init__(self, passed: Callable[[], object]) -> None:
        self.message = None
        self.wants_end = False
        self._passed = passed

    def taken(self) -> bool:
        """It is its turn; there is nothing to handle."""
        self._passed()
        return False

    def dropped(self) -> None:
        """The member has ended, or was rebuilt, before it came to it."""
        self._passed()

    def __repr__(self) -> str:
        return "<fence>"
