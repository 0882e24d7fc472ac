"""Where streams of a pool wait that no member has a place for: each member answers a bounded number at a time.

Laws:
1. A stream has a place at its member from when it is handed to that, until it is over and its generator has ended.
2. What waits here was not delivered: it is its sender's, which waits as for room in a mailbox, in the phase `streams`.
   It holds up no tell and no ask.
3. Streams with a key wait for the member that has the key, all others for any. Of those that wait for the same, the
   senders have turns, and each sender's begin in their order.

On the loop's thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Protocol

from ..base import SendError
from ..engine import Cell
from ..mailbox import COUNTED, Envelope, Mailbox, Waiter, WaitingSenders, gone
from ..messages import Overflow
from ..sends import Waiting
from ..streams import StreamedReply

__all__ = ["StreamRoom"]


class StreamPool(Protocol):
    """The pool, as far as those know it that wait for one of its members."""

    def target_of(self, message: object) -> Cell | None:
        """The member that has the message's key; None: any member does."""

    def member_for(self, target: Cell | None) -> Cell | None:
        """One that can be handed a stream now which waits for `target`; None: there is none."""

    def hand_stream(self, member: Cell, envelope: Envelope) -> None:
        """It has a place there, and goes there."""

    def go_on(self) -> None:
        """Look soon who can be let in."""


class StreamRoom(Mailbox):
    """A mailbox without room, in which senders wait; see the module. `each`: streams of a member at a time."""

    __slots__ = ("_by", "_pool", "each", "open")

    phase = "streams"

    def __init__(self, pool: StreamPool, each: int) -> None:
        super().__init__(0, 0, Overflow.WAIT)
        self._pool = pool
        self.each = each
        #: Streams that have a place, by member.
        self.open: dict[Cell, int] = {}
        #: Those that wait, by whom they wait for.
        self._by: dict[Cell | None, WaitingSenders] = {}

    # Places.

    def has_place(self, member: Cell) -> bool:
        """That member may answer one more."""
        return self.open.get(member, 0) < self.each

    def give_place(self, member: Cell, reply: StreamedReply) -> None:
        """One has a place there until it has ended."""
        if not reply.done():
            self.open[member] = self.open.get(member, 0) + 1
            reply.on_end = partial(self._ended, member, reply)

    def _ended(self, member: Cell, reply: object) -> None:
        work = member.work_for(reply)
        if work is None or work.done():
            self._give_back(member)
        else:
            work.add_done_callback(lambda _: self._give_back(member))

    def _give_back(self, member: Cell) -> None:
        count = self.open.pop(member, 0)
        if count > 1:
            self.open[member] = count - 1
        if self.waiting:
            self._pool.go_on()

    def forget(self, member: Cell) -> None:
        """It has ended, and is a member no more."""
        self.open.pop(member, None)

    # Those that wait.

    def waits_for(self, target: Cell | None) -> bool:
        """Somebody waits for that member, or for any."""
        return target in self._by

    def begin_wait(self, waiter: Waiter) -> None:
        """As `BoundedQueue.begin_wait`."""
        self.kept_out += 1
        if self._closed is not None:
            self.refuse_waiter(waiter, self._closed)
            return
        if not isinstance(waiter, Waiting):  # that one hears of it by itself
            reply: StreamedReply = waiter.envelope.reply  # type: ignore[assignment]  # only asks for streams wait here
            reply.on_end = partial(self._reader_left, waiter)
            reply.wait_for_place()
        self._add(waiter)
        self.waiting += 1

    def _add(self, waiter: Waiter) -> None:
        target = self._pool.target_of(waiter.envelope.message)
        waiting = self._by.get(target)
        if waiting is None:
            waiting = self._by[target] = WaitingSenders()
        waiting.add(waiter)

    def _take_out(self, waiter: Waiter) -> bool:
        for target, waiting in self._by.items():
            if waiting.remove(waiter):
                if not waiting.lanes:
                    del self._by[target]
                self.waiting -= 1
                return True
        return False

    def end_wait(self, waiter: Waiter, error: SendError) -> bool:
        """As `BoundedQueue.end_wait`."""
        if not self._take_out(waiter):
            return False
        self.count_failed(error)
        return True

    def _reader_left(self, waiter: Waiter) -> None:
        """Nobody waits for its answer any more."""
        if self._take_out(waiter) and not waiter.admitted():
            self._gone(waiter)

    def _gone(self, waiter: Waiter) -> None:
        self.count_failed(gone(waiter))
        waiter.withdrawn = COUNTED

    def admit_waiting(self) -> None:
        """As `BoundedQueue.admit_waiting`."""
        self.let_in(self.waiting)

    def let_in(self, most: int) -> None:
        """Hand on those that can be, of those that wait for any member at most `most`."""
        for target in tuple(self._by):
            waiting = self._by[target]
            left = most if target is None else self.waiting
            while left and (waiter := waiting.first()) is not None:
                member = self._pool.member_for(target)
                if member is None:
                    break
                left -= 1
                waiting.take_first()
                self.waiting -= 1
                self._pass_on(waiter, member)
            if not waiting.lanes:
                self._by.pop(target, None)

    def _pass_on(self, waiter: Waiter, member: Cell) -> None:
        envelope = waiter.envelope
        if waiter.admitted():
            self.kept_out -= 1  # it is counted where it goes
            self._pool.hand_stream(member, envelope)
        else:
            self._gone(waiter)

    def sort_anew(self) -> None:
        """Other members have the keys: wait for these."""
        waiting = list(self._all())
        self._by.clear()
        for waiter in waiting:
            self._add(waiter)

    def _all(self) -> Iterator[Waiter]:
        for waiting in tuple(self._by.values()):
            yield from waiting.take_all()

    # The end.

    def shut(self, why: str) -> None:
        """As `Mailbox.shut`."""
        if self._closed is None:
            self._closed = why
            waiting = list(self._all())
            self._by.clear()
            self.waiting = 0
            for waiter in waiting:
                self.refuse_waiter(waiter, why)

    # What it says.

    def no_room(self) -> str:
        """As `BoundedQueue.no_room`."""
        several = f"{self.each} streams are" if self.each > 1 else "1 stream is"
        return f"{several} open at each member of the pool that could answer one more, or it is at work"
