"""A bounded queue that other threads put into, through the foreign door.

Law 1: one thread owns the queue. Only the owner takes from it, and only the owner touches its lanes; every
       other thread comes in through the foreign door (a deque, whose `append` is atomic), and the owner admits it.
       A thread that sees room takes the owner's word for it, so the bound may be exceeded by one message while the
       owner fills the last place at that very moment.
Law 2: what comes after a sender that waits at the door waits as well, or it would overtake.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pykka.messages import _ActorStop

from ..base import ENDED, SendError
from ..messages import Overflow
from .bounded_queue import BoundedQueue
from .envelope import Envelope
from .overflow import Verdict, decide
from .waiting_senders import COUNTED, Waiter, gone

__all__ = ["SharedQueue"]


class SharedQueue(BoundedQueue):
    """See the module. `wake_threadsafe` is called, on any thread, when the queue turns from idle to busy."""

    __slots__ = ("_foreign", "_outside_waiters", "wake_threadsafe")

    def __init__(self, limit: int, byte_limit: int, overflow: Overflow) -> None:
        super().__init__(limit, byte_limit, overflow)
        self.wake_threadsafe: Callable[[], object] = self.wake
        #: What other threads have put and the owner has not admitted yet.
        self._foreign: deque[Envelope | Waiter] = deque()
        #: Senders among these. Written with the door held.
        self._outside_waiters = 0

    def put_last(self, envelope: Envelope) -> None:
        """Another thread has put the request to stop, behind all that it has sent. On the owner's thread."""
        raise NotImplementedError

    def refuse_late(self) -> None:
        """The owner has ended: refuse what has come since. From any thread."""
        raise NotImplementedError

    def call_owner(self) -> None:
        """There is something: have the owner look, or refuse it here and now where that has ended. From any thread."""
        self.scheduled = True
        if self.owner == ENDED:
            self.refuse_late()
        else:
            self.wake_threadsafe()

    # Any thread's side.

    def offer_foreign(self, envelope: Envelope) -> bool:
        """Deliver from a thread that does not own the mailbox. False: no room, the sender has to wait.

        What other threads have put and the owner has not looked at is bounded as well: a thread that finds as much
        there as the mailbox holds drops by the policy itself.
        Raises MailboxFull where the policy is to reject, ActorStopped once closed.
        """
        with self._door:
            if (
                # As `_has_room_outside`, without its calls, where nothing has a size.
                len(self._foreign) >= self._free
                or self.waiting
                or self._outside_waiters
                or self._closed is not None
                or (envelope.size and not self._has_room_outside(envelope.size))
            ):
                match decide(self.overflow, closed=self._closed is not None, room=False, older=False):
                    case Verdict.WAITS:
                        return False
                    case Verdict.CLOSED:
                        raise self.refuse(self.closed_error(envelope))
                    case Verdict.REFUSED:
                        raise self.refuse(self.full_error(envelope))
                    case Verdict.DROPPED:
                        self._drop_outside(envelope)
                        return True
                    case _:  # the owner decides, of what it finds
                        if len(self._foreign) >= self.limit:
                            self._drop_oldest_outside()
            # As `put_foreign`, without its call.
            self._foreign.append(envelope)
            self._slow = True
            if not self.scheduled:
                self.scheduled = True
                self.wake_threadsafe()
            return True

    def offer_some_foreign(self, envelopes: list[Envelope]) -> int:
        """Deliver the first of these, that have no size, from another thread, as far as there is room. How many."""
        with self._door:
            count = min(len(envelopes), self.room_outside)
            if not count:
                return 0
            self._foreign.extend(envelopes[:count])
            self._slow = True
            if not self.scheduled:
                self.scheduled = True
                self.wake_threadsafe()
            return count

    def offer_foreign_or_skip(self, envelope: Envelope) -> bool:
        """Deliver from another thread if there is room, else forget it, uncounted."""
        with self._door:
            if self._closed is not None or not self._has_room_outside(0):
                return False
            self.put_foreign(envelope)
            return True

    def put_foreign(self, entry: Envelope | Waiter) -> None:
        """Put from any thread, without a look for room; the owner admits it in order."""
        if isinstance(entry, Envelope):
            self._foreign.append(entry)
        else:
            with self._door:
                self._outside_waiters += 1
                self._foreign.append(entry)
        self._slow = True
        if not self.scheduled:
            self.call_owner()

    @property
    def room_outside(self) -> int:
        """Messages that another thread would find room for; a guess, unless it holds the door."""
        if self._closed is not None or self.waiting or self._outside_waiters:
            return 0
        return max(0, self._free - len(self._foreign))

    def _has_room_outside(self, size: int) -> bool:
        # With the door held. What is at the door already has its place, and what waits goes first.
        free = not self.waiting and not self._outside_waiters
        return free and self.room_for(len(self._foreign) + 1, size)

    def _drop_outside(self, envelope: Envelope) -> None:
        self.count_outside("dropped", self.overflow.value)
        if envelope.carrier is not None:
            envelope.carrier.dequeued(1, envelope.size)
        self.tell_dropped(envelope, self.overflow.value)

    def _drop_oldest_outside(self) -> None:
        try:
            oldest = self._foreign.popleft()
        except IndexError:  # the owner has admitted all of it meanwhile
            return
        if isinstance(oldest, Envelope) and not isinstance(oldest.message, _ActorStop):
            self._drop_outside(oldest)
        else:
            self._foreign.appendleft(oldest)

    # What other threads have put.

    def _admit_foreign(self) -> None:
        foreign, user = self._foreign, self._user
        plain = self._closed is None and self.overflow in _PLAIN
        while foreign:
            try:
                entry = foreign.popleft()
            except IndexError:  # another thread dropped it
                break
            if not isinstance(entry, Envelope):
                self._admit_outside_waiter(entry)
            elif isinstance(entry.message, _ActorStop):
                self.put_last(entry)
                plain = False
            elif plain:
                # As `enter`, without the calls: a thread saw room. Where the owner has filled it, its word holds.
                self.delivered += 1
                self._free -= 1
                self.bytes += entry.size
                lane = user.lanes.get(entry.source)
                if lane:
                    lane.append(entry)
                else:
                    user.put(entry)
            elif self._closed is not None:
                self._drop_late(entry)
            else:
                self.admit(entry)
        self.admit_waiting()
        self._settle()

    def _admit_outside_waiter(self, waiter: Waiter) -> None:
        with self._door:  # nobody comes in between its two places
            self._outside_waiters -= 1
            withdrawn, open_ = bool(waiter.withdrawn), self._closed is None
            if open_ and not withdrawn:
                self.begin_wait(waiter)
        if withdrawn:
            self._give_up_outside(waiter)
        elif not open_:
            self.begin_wait(waiter)  # it is refused

    def _give_up_outside(self, waiter: Waiter) -> None:
        if waiter.withdrawn == COUNTED:
            return
        if self._waiting is not None and waiter in self._waiting:
            self.give_up(waiter, gone(waiter))
        else:  # it gave up before the owner had looked, and comes a second time
            self.kept_out += 1
            self.count_failed(gone(waiter))
        waiter.withdrawn = COUNTED

    def _drop_late(self, envelope: Envelope) -> None:
        """It came in before the close, so its sender was told that it is here."""
        error: SendError = self.closed_error(envelope)
        self.count_late(error.reason)
        if envelope.carrier is not None:
            envelope.carrier.dequeued(1, envelope.size)
        if envelope.reply is not None:
            envelope.reply.fail(error)
        self.drop(envelope, error)

    # Senders that wait, on the owner's thread.

    def wait(self, waiter: Waiter) -> None:
        """Queue a sender for room, behind those of its own source that wait already.

        It is admitted at once where there is room: there was none when the send was made, and it may be awaited later.
        """
        self.begin_wait(waiter)
        self._look_at_waiting()

    def give_up(self, waiter: Waiter, error: SendError) -> None:
        """The sender waits no longer, for the reason in `error`."""
        if self.end_wait(waiter, error):
            self._look_at_waiting()  # it may have been the one too large for the room that there is

    def _look_at_waiting(self) -> None:
        # First those of other threads: they were told that there is room for them.
        if self._foreign:
            self._admit_foreign()
        else:
            self.admit_waiting()
            self._settle()

    def _settle(self) -> None:
        if not self.waiting and not self._foreign and self._closed is None:
            self._slow = self.overflow is Overflow.LATEST
            if self._foreign or self._closed is not None:  # by another thread, between the look and what it was for
                self._slow = True


#: Policies under which what another thread has put is let in as it comes.
_PLAIN = frozenset({Overflow.WAIT, Overflow.REJECT})
