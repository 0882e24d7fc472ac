"""The bounded queue in front of an actor: what its owner takes from, and every other thread puts into.

Law 1: the laws of `BoundedQueue` and `SharedQueue` hold whenever nobody is inside.
Law 2: the system lane has room for everything and goes first: stop, watch and restart never wait behind users.
Law 3: the request to stop is taken behind all that was sent before it; nothing enters after it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice

from ..base import ENDED, SendError
from ..messages import DEFAULT_MAILBOX, DEFAULT_MAILBOX_BYTES, Overflow
from .bounded_queue import nobody, unheard
from .envelope import NEVER, Envelope, with_reply
from .mailbox_account import MailboxStatistics
from .shared_queue import SharedQueue
from .waiting_senders import Waiter, as_it_is

__all__ = ["Mailbox"]

#: Senders whose newest message is stamped at once: twice those that a turn may serve, so that a new one is among them.
MOST_STAMPED = 128


class Mailbox(SharedQueue):
    """A queue bounded in messages and in encoded bytes, fair between senders.

    `wake` is called when the mailbox turns from idle to busy: on the owner's thread by `offer`, on any thread
    through `wake_threadsafe`. `on_drop(envelope, error)` hears of each message that is dropped after delivery.
    """

    __slots__ = ("_last", "_system", "_system_taken")

    phase = "mailbox"

    def __init__(
        self,
        limit: int = DEFAULT_MAILBOX,
        byte_limit: int = DEFAULT_MAILBOX_BYTES,
        overflow: Overflow = Overflow.WAIT,
    ) -> None:
        super().__init__(limit, byte_limit, overflow)
        self._system: list[Envelope] = []  # nearly always empty, and an empty deque is 600 bytes
        #: How many of these were taken, and stand there still: see `_take_system`.
        self._system_taken = 0
        #: Taken when the lanes are empty: the request to stop, behind everything that was sent before it.
        self._last: Envelope | None = None

    # The owner's side.

    def offer(self, envelope: Envelope) -> bool:
        """Deliver `envelope` if there is room. False: no room, the sender has to `wait`.

        Raises MailboxFull where the overflow policy is to reject, ActorStopped once closed.
        """
        size = envelope.size
        if self._free > 0 and not self._slow and (not size or self.bytes + size <= self.byte_limit):
            # As `admit`, where there is room, without the calls: a third of what comes from a peer, put to handled.
            self._free -= 1
            self.bytes += size
            self.delivered += 1
            user = self._user
            lane = user.lanes.get(envelope.source)
            if lane:
                lane.append(envelope)
            else:
                user.put(envelope)
            if not self.scheduled:
                self.scheduled = True
                self.wake()
            return True
        if self._foreign:
            self._admit_foreign()
        return self.admit(envelope)

    def offer_all(self, envelopes: list[Envelope], size: int) -> None:
        """Deliver messages of one source, at least one, for which there is room: `has_room_for` said so."""
        self.enter_all(envelopes, size)

    def offer_or_skip(self, envelope: Envelope) -> bool:
        """Deliver if there is room, else forget it, uncounted: for ticks, of which a missed one is no loss."""
        if self._closed is not None or not self.room_for(1, 0):
            return False
        self.enter(envelope)
        return True

    def put_system(self, envelope: Envelope) -> None:
        """Put in the lane that is never refused and goes first. From any thread."""
        self._system.append(envelope)
        if not self.scheduled:
            self.call_owner()

    def put_last(self, envelope: Envelope) -> None:
        """Take nothing new; `envelope` comes out when all that is queued has.

        A second one replaces nothing; it is answered with the first, or where that is taken, when the owner has ended.
        """
        if self._closed is not None:
            if envelope.reply is not None and self._last is not None:
                self._last.reply = with_reply(self._last.reply, envelope.reply)
            elif envelope.reply is not None:
                self._system.append(envelope)
            return
        self._last = envelope
        self.shut("the actor was asked to stop")
        if not self.scheduled:
            self.scheduled = True
            self.wake()

    def take(self) -> Envelope | None:
        """Take the next message; None when there is none."""
        if self._system:
            return self._take_system()
        if self._foreign:
            self._admit_foreign()
        turns = self._user.turns
        if len(turns) == 1 and len(turns[0]) > 1:  # one source, as nearly always
            envelope: Envelope | None = turns[0].popleft()
            assert envelope is not None
        else:
            envelope = self._user.get()
            if envelope is None:
                envelope, self._last = self._last, None
                return envelope
        self._free += 1
        if envelope.size:
            self.bytes -= envelope.size
            if envelope.carrier is not None:
                envelope.carrier.dequeued(1, envelope.size)
        if self.waiting:
            self.admit_waiting()
            self._settle()
        return envelope

    def _take_system(self) -> Envelope:
        """Take the first of the system's lane. However many there are, each is moved once or twice, and not n times.

        Never empty to `put_system` and full to the owner: another thread may append at any time.
        """
        system, taken = self._system, self._system_taken
        envelope = system[taken]
        taken += 1
        if 2 * taken >= len(system):
            del system[:taken]
            taken = 0
        self._system_taken = taken
        return envelope

    def head(self) -> Envelope | None:
        """What users have sent and is taken next; None: nothing. On the owner's thread."""
        if self._foreign:
            self._admit_foreign()
        turns = self._user.turns
        return turns[0][0] if turns else None

    def sources(self) -> list[object]:
        """Those of whom something is queued, or waits for room. On the owner's thread."""
        if self._foreign:
            self._admit_foreign()
        queued = [source for source, lane in self._user.lanes.items() if lane]
        waiting = () if self._waiting is None else self._waiting.lanes
        return [*queued, *(source for source in waiting if source not in queued)]

    def put_behind(self, mark: Waiter) -> None:
        """Put a mark behind all that is there of its source, with room or without. On the owner's thread."""
        if self._waiting is not None and mark.envelope.source in self._waiting.lanes:
            self.begin_wait(mark)
        elif mark.admitted():
            self.enter(mark.envelope)
            self.delivered -= 1  # it is none that was sent

    def widen(self, messages: int, size: int) -> None:
        """Have room for that many messages and bytes more; for less, where they are negative."""
        self.limit += messages
        self._free += messages
        self.byte_limit += size
        if self.waiting and messages > 0:
            self.admit_waiting()
            self._settle()

    def rest(self) -> bool:
        """Say that the owner found nothing and goes idle. False: something came in meanwhile, take it."""
        self.scheduled = False
        if self._foreign or self._system:
            self.scheduled = True
            return False
        return True

    @property
    def only_stop_left(self) -> bool:
        """The owner was asked to stop, and nothing is queued before that."""
        if self._foreign:
            self._admit_foreign()
        return self._last is not None and not self._user and not self._system

    # The end.

    def shut(self, why: str) -> None:
        """Take nothing new, refuse those who wait for room; what is queued stays. Later reasons change nothing."""
        if self._closed is not None:
            return
        self._closed = why
        self._slow = True
        waiting = [] if self._waiting is None else self._waiting.take_all()
        self.waiting = 0
        for waiter in waiting:
            self.refuse_waiter(waiter, why)

    def take_system(self) -> list[Envelope]:
        """Empty the system lane, for an owner that has ended."""
        left = self._system[self._system_taken :]
        self._system.clear()
        self._system_taken = 0
        return left

    def close(self, why: str) -> list[Envelope]:
        """Refuse everything from now on, also those who wait for room; return what users had queued."""
        self.shut(why)
        self._closed = why
        self._admit_foreign()
        left = self._user.take_all()
        self._free = self.limit
        if self._last is not None:
            left.append(self._last)
            self._last = None
        self.bytes = 0
        for envelope in left:
            if envelope.carrier is not None:
                envelope.carrier.dequeued(1, envelope.size)
        return left

    def of_source(self, source: object) -> list[Envelope]:
        """What is queued of one source. On the owner's thread."""
        return list(self._user.lanes.get(source, ()))

    def shed(self, source: object, reason: str) -> None:
        """Drop what is queued of one source, for that reason. On the owner's thread."""
        for envelope in self._user.take_of(source):
            self._left(envelope)
            self._drop(envelope, reason)
        if self.waiting:
            self.admit_waiting()
            self._settle()

    def refuse_late(self) -> None:
        """Refuse what came through the foreign door after the close, and ask to be woken for the next.

        From any thread, once the owner has ended.
        """
        with self._door:
            self.scheduled = False
            self._admit_foreign()
            late, self._system, self._system_taken = self._system[self._system_taken :], [], 0
        for envelope in late:
            if envelope.reply is not None:
                envelope.reply.fail(self.closed_error(envelope))

    def leave(self, on_drop: Callable[[Envelope, SendError], None] | None) -> None:
        """The owner has ended, after the close: whoever puts something refuses it himself; nothing here leads there.

        `on_drop`: who hears of what is dropped from now on; None: nobody.
        """
        self.wake = self.wake_threadsafe = nobody
        self.on_drop = unheard if on_drop is None else on_drop
        self.owner = ENDED  # not before the others: whoever sees it looks no further
        self.refuse_late()

    # What it says.

    @property
    def closed(self) -> str | None:
        """Why nothing is taken any more; None while open."""
        return self._closed

    def __len__(self) -> int:
        return len(self._system) - self._system_taken + len(self._foreign) + len(self._user)

    def peek(self) -> list[Envelope]:
        """What is queued by users, for any thread: what the owner takes or admits meanwhile may be missing."""
        queued = as_it_is(lambda: self._user)
        return [*queued, *(entry for entry in as_it_is(self._foreign.copy) if isinstance(entry, Envelope))]

    def holds_others(self, source: object) -> bool:
        """Something is queued, or waits for room, that is not of this source. From any thread, as a guess."""
        entries = (e if isinstance(e, Envelope) else e.envelope for e in as_it_is(self._foreign.copy))
        return (
            bool(self._system or self._last)
            or any(lane and whose is not source for whose, lane in as_it_is(self._user.lanes.items))
            or (self._waiting is not None and self._waiting.holds_others(source))
            or any(entry.source is not source for entry in entries)
        )

    def overlooked(self, *, held: bool = False) -> str | None:
        """Senders that wait although there is room, or what the owner will not look at; None at every rest.

        `held`: the owner takes nothing for now. For tests, and for a look into a program that stands still. On the
        owner's thread.
        """
        waiter = None if self._waiting is None else self._waiting.first()
        if waiter is not None and self.room_for(1, waiter.envelope.size):
            return f"{self.waiting} wait, and there is room: {self.no_room()}"
        if not (self.scheduled or held) and (self._foreign or self._system or self._user or self._last is not None):
            return f"{len(self)} are queued, and nobody was woken for them"
        return None

    # When what lies here came; see `engine.arrivals`.

    @property
    def filled(self) -> bool:
        """Users' messages lie here, or at the door."""
        return self._free < self.limit or bool(self._foreign)

    @property
    def came(self) -> int:
        """Messages that have come in all, those at the door too."""
        return self.delivered + len(self._foreign)

    def newest(self) -> Envelope | None:
        """The one that came last, where it woke the owner."""
        if self._foreign:
            entry = self._foreign[-1]
            return entry if isinstance(entry, Envelope) else None
        turns = self._user.turns
        return turns[-1][-1] if turns else None

    def stamp(self, now: float) -> None:
        """The newest message of each sender has come by now, unless it was stamped before: at most MOST_STAMPED."""
        turns = self._user.turns
        if len(turns) == 1:
            newest = turns[0][-1]
            if newest.came == NEVER:
                newest.came = now
        else:  # the lanes that were served, or are new, stand behind the others
            for lane in islice(reversed(turns), MOST_STAMPED):
                if lane[-1].came == NEVER:
                    lane[-1].came = now
        if self._foreign:
            entry = self._foreign[-1]
            if isinstance(entry, Envelope) and entry.came == NEVER:
                entry.came = now

    def oldest(self) -> float:
        """When the oldest message came, of those of which that is known; NEVER: of none. From any thread."""
        found = min(map(_came, as_it_is(lambda: self._user.turns)), default=NEVER)
        if found == NEVER:
            at_the_door = (entry for entry in as_it_is(self._foreign.copy) if isinstance(entry, Envelope))
            found = min((entry.came for entry in at_the_door), default=NEVER)
        return found

    def statistics(self, now: float | None = None) -> MailboxStatistics:
        """Counters and levels at this instant; `now`: by the clock of its owner, for the age of the oldest message."""
        account = self.account
        came = NEVER if now is None else self.oldest()
        return MailboxStatistics(
            queued=self.limit - self._free,
            queued_bytes=self.bytes,
            waiting=account.pending,
            sent=account.sent,
            delivered=account.delivered,
            failed=account.failed,
            dropped=account.dropped,
            limit=self.limit,
            byte_limit=self.byte_limit,
            undone=account.undone,
            oldest=None if now is None or came == NEVER else max(0.0, now - came),
        )

    # What Pykka's own code asks of an inbox.

    def put(self, envelope: Envelope, /) -> None:
        """Deliver from any thread without waiting for room: Pykka's interface for inboxes."""
        self.put_foreign(envelope)

    def get(self) -> Envelope:
        """Take the next message. Raises IndexError when there is none: this inbox is driven, not waited on."""
        envelope = self.take()
        if envelope is None:
            raise IndexError("the mailbox is empty")
        return envelope

    def empty(self) -> bool:
        """Nothing is queued."""
        return not (self._system or self._foreign or self._user)


def _came(lane: deque[Envelope]) -> float:
    """When the first message of a lane came. It came with the next that is stamped: law 2 of `engine.arrivals`."""
    try:
        head = lane[0]
        if head.came == NEVER:
            head.came = next((each.came for each in lane if each.came != NEVER), NEVER)
    except (IndexError, RuntimeError):  # another thread takes it at this moment
        return NEVER
    return head.came
