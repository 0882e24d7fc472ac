"""How many streams this node may have open at one reactor of a peer: the next one waits until one ends.

The peer refuses more than MAX_STREAMS by the wire. So what is opened here stands before the lane until there is a
place, and goes on to the lane then, for credit as any ask. It is a room of its own: tells and asks to that reactor,
those that end streams say, do not wait behind streams that wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Protocol

from ...actors.base import SendError
from ...actors.mailbox import Waiter
from ...actors.sends import Waiting
from .batch import Outgoing
from .credit_waiters import CreditWaiters
from .out_lane import OutLane

__all__ = ["MAX_STREAMS", "StreamLimit", "leave_limit", "limit_of", "unsent_on"]

#: Streams that one peer may have open on one channel: each holds a task and up to UNWRITTEN bytes here.
MAX_STREAMS = 256


class LimitedStream(Protocol):
    """An ask for a stream, as far as it is counted: whoever ends it calls `limit.ended()`, if it has a place."""

    #: Where it has a place; None: nowhere.
    limit: StreamLimit | None

    def done(self) -> bool:
        """It has ended."""


class StreamLimit:
    """That of one lane, on the loop's thread: a `Room` for those that wait."""

    __slots__ = ("_lane", "open", "waiting")

    def __init__(self, lane: OutLane) -> None:
        self._lane = lane
        #: That have a place: they were sent, or wait for credit.
        self.open = 0
        #: Those that wait for one. They are counted on the lane.
        self.waiting = CreditWaiters()

    def take(self, ask: LimitedStream) -> bool:
        """A place for that stream. False: there is none, and its sender has to wait."""
        if self.waiting or self.open >= MAX_STREAMS:
            return False
        self.open += 1
        ask.limit = self
        return True

    def ended(self) -> None:
        """One that had a place is over."""
        self.open -= 1
        self._admit()

    def _admit(self) -> None:
        lane = self._lane
        while self.waiting and self.open < MAX_STREAMS:
            waiter = self.waiting.first()
            self.waiting.remove(waiter)
            lane.sent -= 1  # it counts there once more
            self._pass_on(waiter)

    def _pass_on(self, waiter: Waiter) -> None:
        assert isinstance(waiter.envelope, Outgoing)
        ask: LimitedStream = waiter.envelope.reply  # type: ignore[assignment]  # only asks for streams wait here
        if not ask.done():
            self.open += 1
            ask.limit = self
        self._let_through(waiter)

    def _let_through(self, waiter: Waiter) -> None:
        if isinstance(waiter, Waiting):
            waiter.room = self._lane
        self._lane.wait(waiter)

    # As `Room`.

    @property
    def phase(self) -> str:
        """What sends wait for, as `DeadlineExceeded` names it."""
        return "streams"

    def wait(self, waiter: Waiter) -> None:
        """Queue one for a place; it has one at once where there is one."""
        lane = self._lane
        if lane.suspended or lane.successor is not None or lane.refusal is not None:
            self._let_through(waiter)  # to wait with a successor, for a place there; or to hear why not
            return
        lane.sent += 1
        self.waiting.add(waiter, lane.clock())
        self._admit()

    def give_up(self, waiter: Waiter, error: SendError) -> None:
        """Its sender waits no longer."""
        if self.waiting.remove(waiter):
            self._lane.lost(error)

    def refuse(self, error: SendError) -> SendError:
        """Count one that does not wait."""
        return self._lane.refuse(error)

    def no_room(self) -> str:
        """Why there is no place, for an error's text."""
        name = self._lane.info.name
        return f"{self.open} streams of this node are open at the peer's reactor {name!r}, which is as many as may be"


def leave_limit(ask: LimitedStream) -> None:
    """It is over, or goes elsewhere: its place is free, if it has one."""
    limit, ask.limit = ask.limit, None
    if limit is not None:
        limit.ended()


def limit_of(lane: OutLane) -> StreamLimit:
    """That of a lane."""
    found = lane.waiters.streams
    if not isinstance(found, StreamLimit):
        found = lane.waiters.streams = StreamLimit(lane)
    return found


def unsent_on(lane: OutLane) -> Iterator[Outgoing]:
    """The asks that wait on a lane, for a place, for credit or to be written."""
    streams = lane.waiters.streams
    for waiter in chain(lane.waiters, () if streams is None else streams.waiting):
        if isinstance(waiter.envelope, Outgoing):
            yield waiter.envelope
    for batch in lane.queue:
        yield from batch.asks or ()
