"""The bounded queue in front of an actor.

Law 1: one thread owns a mailbox. Only the owner takes from it, and only the owner touches its lanes; every
       other thread comes in through the foreign door (a deque, whose `append` is atomic), and the owner admits it.
       A thread that sees room takes the owner's word for it, so the bound may be exceeded by one message while the
       owner fills the last place at that very moment.
Law 2: nothing leaves unseen. A message is delivered, or refused to its sender, or dropped through `on_drop`.
Law 3: the system lane has room for everything and goes first: stop, watch and restart never wait behind users.
Law 4: per source the order of sending is the order of handling; between sources turns are taken.
Law 5: whenever nobody is inside, there is not both room and somebody who waits for it.
"""

# So long because every rule of the queue must be read beside the ledger that it keeps.

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from threading import RLock, get_ident
from typing import Any, Protocol, TypeVar

from pykka.messages import _ActorStop

from ..base import ActorStopped, MailboxFull, SendError
from ..messages import DEFAULT_MAILBOX, DEFAULT_MAILBOX_BYTES, Overflow
from .envelope import Envelope, with_reply
from .fair_queue import FairQueue
from .ledger import Account, Tally

__all__ = ["Mailbox", "MailboxStatistics", "Waiter"]

T = TypeVar("T")


class Waiter(Protocol):
    """A sender that waits for room. The mailbox calls at most one of the two, on the owner's thread."""

    envelope: Envelope
    #: Of a sender on another thread that has given up: why, as the ledger counts it. Put once more through the foreign
    #: door, it is taken out. Empty while it waits.
    withdrawn: str

    def admitted(self) -> bool:
        """There was room. False: the sender has given up meanwhile, do not put the message."""

    def refused(self, error: SendError) -> None:
        """There will never be room: the mailbox has closed."""


@dataclass(frozen=True, slots=True)
class MailboxStatistics:
    """A mailbox at one instant. `sent == delivered + failed + waiting` holds whenever nobody is inside it."""

    queued: int
    queued_bytes: int
    waiting: int
    sent: int
    delivered: int
    failed: dict[str, int]
    dropped: dict[str, int]
    limit: int
    byte_limit: int
    #: Messages whose handler failed, was cancelled, or took longer than the asker had, by reason.
    undone: dict[str, int] = field(default_factory=dict)

    @property
    def account(self) -> Account:
        """What became of what was sent here."""
        return Account(self.sent, self.delivered, self.waiting, self.failed, self.dropped, self.undone)


class Mailbox:
    """A queue bounded in messages and in encoded bytes, fair between senders.

    `wake` is called when the mailbox turns from idle to busy: on the owner's thread by `offer`, on any thread
    through `wake_threadsafe`. `on_drop(envelope, error)` hears of each message that is dropped after delivery.
    """

    __slots__ = (
        "_closed",
        "_door",
        "_foreign",
        "_free",
        "_last",
        "_outside",
        "_outside_waiters",
        "_slow",
        "_system",
        "_tally",
        "_undone",
        "_user",
        "_waiters",
        "_waiting",
        "byte_limit",
        "bytes",
        "delivered",
        "dropped",
        "failed",
        "limit",
        "on_drop",
        "overflow",
        "owner",
        "scheduled",
        "sent",
        "wake",
        "wake_threadsafe",
    )

    phase = "mailbox"

    def __init__(
        self,
        limit: int = DEFAULT_MAILBOX,
        byte_limit: int = DEFAULT_MAILBOX_BYTES,
        overflow: Overflow = Overflow.WAIT,
    ) -> None:
        self.limit = limit
        self.byte_limit = byte_limit
        self.overflow = overflow
        #: Identifier of the owner's thread; 0 until the actor runs, `thread_end.ENDED` when it has ended.
        self.owner = 0
        #: The owner will look at this mailbox without being woken.
        self.scheduled = True
        self.wake: Callable[[], object] = _nobody
        self.wake_threadsafe: Callable[[], object] = _nobody
        self.on_drop: Callable[[Envelope, SendError], None] = _unheard
        self.sent = 0
        self.delivered = 0
        self.failed: dict[str, int] = {}
        self.dropped: dict[str, int] = {}
        self.bytes = 0
        self._free = limit
        self._user = FairQueue()
        self._system: list[Envelope] = []  # nearly always empty, and an empty deque is 600 bytes
        #: What other threads have put and the owner has not admitted yet.
        self._foreign: deque[Envelope | Waiter] = deque()
        #: Senders among these: while there is one, whatever comes after it waits as well, or it would overtake. Written
        #: with the door held.
        self._outside_waiters = 0
        #: Senders that wait for room, in lanes by source, each lane in order.
        self._waiting: OrderedDict[object, OrderedDict[Waiter, None]] = OrderedDict()
        self._waiters = 0
        #: Held while a thread that is not the owner looks for room and puts. Reentrant: a collected outcome counts too.
        self._door = RLock()
        #: What other threads refused or dropped, by (`failed` or `dropped`, reason).
        self._outside: dict[tuple[str, str], int] | None = None
        self._closed: str | None = None
        #: Messages whose handlers did not do what was asked, by reason; None while there are none.
        self._undone: dict[str, int] | None = None
        #: Where the account goes on once the owner has ended.
        self._tally: Tally | None = None
        #: Taken when the lanes are empty: the request to stop, behind everything that was sent before it.
        self._last: Envelope | None = None
        #: `offer` must not take the short way: closed, someone waits already, other threads have put something,
        #: or each message is looked at.
        self._slow = overflow is Overflow.LATEST

    # The owner's side.

    def offer(self, envelope: Envelope) -> bool:
        """Deliver `envelope` if there is room. False: no room, the sender has to `wait`.

        Raises MailboxFull where the overflow policy is to reject, ActorStopped once closed.
        """
        self.sent += 1
        size = envelope.size
        if self._free > 0 and not self._slow and (not size or self.bytes + size <= self.byte_limit):
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
        if self._closed is not None:
            raise self._refusal(ActorStopped(f"message not delivered: {self._closed}", message=envelope.message))
        return self._offer_slowly(envelope)

    def has_room_for(self, count: int, size: int) -> bool:
        """There is room for so many messages, of `size` bytes together, and nothing to decide about any of them."""
        return not self._slow and self._free >= count and self.bytes + size <= self.byte_limit

    def offer_all(self, envelopes: list[Envelope], size: int) -> None:
        """Deliver messages of one source, at least one, for which there is room: `has_room_for` said so."""
        count = len(envelopes)
        self.sent += count
        self.delivered += count
        self._free -= count
        self.bytes += size
        self._user.put_all(envelopes)
        if not self.scheduled:
            self.scheduled = True
            self.wake()

    def _offer_slowly(self, envelope: Envelope) -> bool:
        policy = self.overflow
        if policy is Overflow.LATEST:
            replaced = self._user.replace(envelope)
            if replaced is not None:
                self.delivered += 1
                self.bytes += envelope.size
                self._left(replaced)
                self._free -= 1
                self._drop(replaced, "superseded")
                self._shrink_beside(envelope)
                return True
        if self._has_room(envelope.size) and not self._waiting:
            self._put(envelope)
            return True
        match policy:
            case Overflow.WAIT:
                self.sent -= 1  # it is counted when it waits, or when the sender gives up at once
                return False
            case Overflow.REJECT:
                raise self._refusal(self._full(envelope))
            case Overflow.DROP_NEWEST:
                self.delivered += 1
                if envelope.carrier is not None:
                    envelope.carrier.dequeued(1, envelope.size)
                self._drop(envelope, policy.value)
                return True
            case Overflow.DROP_OLDEST | Overflow.LATEST:
                while not self._has_room(envelope.size):
                    oldest = self._user.get_from_longest()
                    if oldest is None:
                        break
                    self._left(oldest)
                    self._drop(oldest, policy.value)
                self._put(envelope)
                return True

    def offer_or_skip(self, envelope: Envelope) -> bool:
        """Deliver if there is room, else forget it, uncounted: for ticks, of which a missed one is no loss."""
        if self._closed is not None or not self._has_room(0):
            return False
        self.sent += 1
        self._put(envelope)
        return True

    def wait(self, waiter: Waiter) -> None:
        """Queue a sender for room, behind those of its own source that wait already.

        It is admitted at once where there is room: there was none when the send was made, and it may be awaited later.
        """
        self._wait(waiter)
        self._admit()

    def _wait(self, waiter: Waiter) -> None:
        self.sent += 1
        if self._closed is not None:
            self._refuse_waiter(waiter, self._closed)
            return
        self._waiting.setdefault(waiter.envelope.source, OrderedDict())[waiter] = None
        self._waiters += 1
        self._slow = True

    def _admit(self) -> None:
        # First those of other threads: they were told that there is room for them.
        if self._foreign:
            self._admit_foreign()
        else:
            self._admit_waiting()

    def give_up(self, waiter: Waiter, error: SendError) -> None:
        """The sender waits no longer, for the reason in `error`."""
        lane = self._waiting.get(waiter.envelope.source)
        if lane is not None and lane.pop(waiter, self) is None:
            if not lane:
                del self._waiting[waiter.envelope.source]
            self._waiters -= 1
            self._refusal(error)
            self._admit()  # it may have been the one too large for the room that there is

    def no_room(self) -> str:
        """Why there is no room, for an error's text."""
        return (
            f"the mailbox is full ({self.limit - self._free} of {self.limit} messages, "
            f"{self.bytes} of {self.byte_limit} bytes)"
        )

    def refuse(self, error: SendError) -> SendError:
        """Count a send that was not delivered and does not wait; returns `error`. From any thread."""
        if self.owner != get_ident():
            self._count_outside("failed", error.reason)
            return error
        self.sent += 1
        return self._refusal(error)

    def put_system(self, envelope: Envelope) -> None:
        """Put in the lane that is never refused and goes first. From any thread."""
        self._system.append(envelope)
        if not self.scheduled:
            self.scheduled = True
            self.wake_threadsafe()

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
            return self._system.pop(0)
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
        if self._waiting:
            self._admit_waiting()
        return envelope

    def rest(self) -> bool:
        """Say that the owner found nothing and goes idle. False: something came in meanwhile, take it."""
        self.scheduled = False
        if self._foreign or self._system:
            self.scheduled = True
            return False
        return True

    @property
    def has_more(self) -> bool:
        """Users' messages are queued."""
        return bool(self._user)

    def holds_others(self, source: object) -> bool:
        """Something is queued, or waits for room, that is not of this source. From any thread, as a guess."""
        entries = (e if isinstance(e, Envelope) else e.envelope for e in _as_it_is(self._foreign.copy))
        return (
            bool(self._system or self._last)
            or any(lane and whose is not source for whose, lane in _as_it_is(self._user.lanes.items))
            or any(whose is not source for whose in _as_it_is(self._waiting.keys))
            or any(entry.source is not source for entry in entries)
        )

    @property
    def only_stop_left(self) -> bool:
        """The owner was asked to stop, and nothing is queued before that."""
        if self._foreign:
            self._admit_foreign()
        return self._last is not None and not self._user and not self._system

    def shut(self, why: str) -> None:
        """Take nothing new, refuse those who wait for room; what is queued stays. Later reasons change nothing."""
        if self._closed is not None:
            return
        self._closed = why
        self._slow = True
        waiting = [waiter for lane in self._waiting.values() for waiter in lane]
        self._waiting.clear()
        self._waiters = 0
        for waiter in waiting:
            self._refuse_waiter(waiter, why)

    def take_system(self) -> list[Envelope]:
        """Empty the system lane, for an owner that has ended."""
        left = list(self._system)
        self._system.clear()
        return left

    def close(self, why: str) -> list[Envelope]:
        """Refuse everything from now on, also those who wait for room; return what users had queued."""
        self.shut(why)
        self._closed = why
        self._admit_foreign()
        left = list(self._user)
        self._user = FairQueue()
        self._free = self.limit
        if self._last is not None:
            left.append(self._last)
            self._last = None
        self.bytes = 0
        for envelope in left:
            if envelope.carrier is not None:
                envelope.carrier.dequeued(1, envelope.size)
        return left

    def refuse_late(self) -> None:
        """Refuse what came through the foreign door after the close, and ask to be woken for the next.

        From any thread, once the owner has ended.
        """
        with self._door:
            self.scheduled = False
            self._admit_foreign()
            late, self._system = self._system, []
        for envelope in late:
            if envelope.reply is not None:
                envelope.reply.fail(ActorStopped(f"message not delivered: {self._closed}", message=envelope.message))

    def drop(self, envelope: Envelope, error: SendError) -> None:
        """Count a message that was delivered and is not handled, and hand it to `on_drop`."""
        self.dropped[error.reason] = self.dropped.get(error.reason, 0) + 1
        self.on_drop(envelope, error)

    def count_undone(self, reason: str) -> None:
        """Count a message whose handler failed, was cancelled, or took longer than the asker had."""
        if self._undone is None:
            self._undone = {}
        self._undone[reason] = self._undone.get(reason, 0) + 1

    def settle(self, tally: Tally) -> None:
        """The owner has ended: its account goes into `tally`, and whatever fails here from now on too."""
        with self._door:
            if self._tally is None:
                tally.add(self.statistics().account)
                self._tally = tally

    # Any thread's side.

    def offer_foreign(self, envelope: Envelope) -> bool:
        """Deliver from a thread that does not own the mailbox. False: no room, the sender has to wait.

        What other threads have put and the owner has not looked at is bounded as well: a thread that finds as much
        there as the mailbox holds drops by the policy itself.
        Raises MailboxFull where the policy is to reject, ActorStopped once closed.
        """
        with self._door:
            if self._closed is not None:
                raise self.refuse(ActorStopped(f"message not delivered: {self._closed}", message=envelope.message))
            if len(self._foreign) >= self._free or self._waiting or self._outside_waiters:
                match self.overflow:
                    case Overflow.WAIT:
                        return False
                    case Overflow.REJECT:
                        raise self.refuse(self._full(envelope))
                    case Overflow.DROP_NEWEST:
                        self._drop_outside(envelope)
                        return True
                    case Overflow.DROP_OLDEST | Overflow.LATEST:
                        if len(self._foreign) >= self.limit:
                            self._drop_oldest_outside()
            # As `put_foreign`, without its call.
            self._foreign.append(envelope)
            self._slow = True
            if not self.scheduled:
                self.scheduled = True
                self.wake_threadsafe()
            return True

    @property
    def room_outside(self) -> int:
        """Messages that another thread would find room for; a guess, unless it holds the door."""
        if self._closed is not None or self._waiting or self._outside_waiters:
            return 0
        return max(0, self._free - len(self._foreign))

    def offer_some_foreign(self, envelopes: list[Envelope]) -> int:
        """Deliver the first of these from another thread, as far as there is room. Returns how many."""
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
            full = len(self._foreign) >= self._free or self._waiting or self._outside_waiters
            if self._closed is not None or full:
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
            self.scheduled = True
            self.wake_threadsafe()

    @property
    def closed(self) -> str | None:
        """Why nothing is taken any more; None while open."""
        return self._closed

    @property
    def waiting(self) -> int:
        """Senders that wait for room."""
        return self._waiters

    def __len__(self) -> int:
        return len(self._system) + len(self._foreign) + len(self._user)

    def __iter__(self) -> Iterator[Envelope]:
        """What is queued by users, in no promised order."""
        return iter(self._user)

    def peek(self) -> list[Envelope]:
        """What is queued by users, for any thread: what the owner takes or admits meanwhile may be missing."""
        queued = _as_it_is(lambda: self._user)
        return [*queued, *(entry for entry in _as_it_is(self._foreign.copy) if isinstance(entry, Envelope))]

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

    def statistics(self) -> MailboxStatistics:
        """Counters and levels at this instant."""
        failed, dropped = dict(self.failed), dict(self.dropped)
        with self._door:
            outside = dict(self._outside or {})
        for (kind, reason), count in outside.items():
            ledger = failed if kind == "failed" else dropped
            ledger[reason] = ledger.get(reason, 0) + count
        return MailboxStatistics(
            queued=self.limit - self._free,
            queued_bytes=self.bytes,
            waiting=self._waiters,
            sent=self.sent + sum(outside.values()),
            delivered=self.delivered + sum(count for (kind, _), count in outside.items() if kind == "dropped"),
            failed=failed,
            dropped=dropped,
            limit=self.limit,
            byte_limit=self.byte_limit,
            undone=dict(self._undone or {}),
        )

    def overlooked(self) -> str | None:
        """Who waits although there is room, or what is queued although the owner will not look; None at every rest.

        For tests and for who looks into a program that stands still. On the owner's thread.
        """
        if self._waiting:
            waiter = next(iter(next(iter(self._waiting.values()))))
            if self._has_room(waiter.envelope.size):
                return f"{self._waiters} wait, and there is room: {self.no_room()}"
        if not self.scheduled and (self._foreign or self._system or self._user or self._last is not None):
            return f"{len(self)} are queued, and nobody was woken for them"
        return None

    # Inside.

    def _has_room(self, size: int) -> bool:
        # One message larger than the whole bound may enter alone: it was let through by the channel's limit.
        return self._free > 0 and (self.bytes + size <= self.byte_limit or self.bytes == 0)

    def _put(self, envelope: Envelope) -> None:
        self._free -= 1
        self.bytes += envelope.size
        self.delivered += 1
        self._user.put(envelope)
        if not self.scheduled:
            self.scheduled = True
            self.wake()

    def _left(self, envelope: Envelope) -> None:
        self._free += 1
        self.bytes -= envelope.size
        if envelope.carrier is not None:
            envelope.carrier.dequeued(1, envelope.size)

    def _drop(self, envelope: Envelope, reason: str) -> None:
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
        self._tell_dropped(envelope, reason)

    def _tell_dropped(self, envelope: Envelope, reason: str) -> None:
        error = self._full(envelope)
        if reason == "superseded":
            error = MailboxFull("a newer message of the same sender and type took its place", message=envelope.message)
        error.reason = reason
        if envelope.reply is not None:
            envelope.reply.fail(error)
        self.on_drop(envelope, error)

    def _shrink_beside(self, envelope: Envelope) -> None:
        # The newer message may be larger than the one it replaced.
        while self.bytes > self.byte_limit and self._free < self.limit - 1:
            oldest = self._user.get_from_longest()
            if oldest is envelope:
                self._user.put(envelope)
            elif oldest is not None:
                self._left(oldest)
                self._drop(oldest, self.overflow.value)

    def _count_outside(self, kind: str, reason: str) -> None:
        with self._door:
            if self._outside is None:
                self._outside = {}
            self._outside[kind, reason] = self._outside.get((kind, reason), 0) + 1
            if self._tally is not None and kind == "failed":
                self._tally.refused(reason)

    def _drop_outside(self, envelope: Envelope) -> None:
        self._count_outside("dropped", self.overflow.value)
        if envelope.carrier is not None:
            envelope.carrier.dequeued(1, envelope.size)
        self._tell_dropped(envelope, self.overflow.value)

    def _drop_oldest_outside(self) -> None:
        try:
            oldest = self._foreign.popleft()
        except IndexError:  # the owner has admitted all of it meanwhile
            return
        if isinstance(oldest, Envelope) and not isinstance(oldest.message, _ActorStop):
            self._drop_outside(oldest)
        else:
            self._foreign.appendleft(oldest)

    def _full(self, envelope: Envelope) -> MailboxFull:
        return MailboxFull(
            f"the mailbox is full ({self.limit - self._free} of {self.limit} messages, "
            f"{self.bytes} of {self.byte_limit} bytes); its overflow policy is {self.overflow.value!r}",
            message=envelope.message,
        )

    def _refusal(self, error: SendError) -> SendError:
        self.failed[error.reason] = self.failed.get(error.reason, 0) + 1
        if self._tally is not None:
            self._tally.refused(error.reason)
        return error

    def _admit_foreign(self) -> None:
        foreign, user = self._foreign, self._user
        plain = self._closed is None and self.overflow in _PLAIN
        while foreign:
            try:
                entry: Any = foreign.popleft()  # `__class__ is` narrows for mypy only
            except IndexError:  # another thread dropped it
                break
            if plain and entry.__class__ is Envelope and not isinstance(entry.message, _ActorStop):
                # As below, where a thread saw room, without the calls. The owner may have filled it meanwhile: its word
                # holds.
                self.sent += 1
                self.delivered += 1
                self._free -= 1
                self.bytes += entry.size
                lane = user.lanes.get(entry.source)
                if lane:
                    lane.append(entry)
                else:
                    user.put(entry)
                continue
            if isinstance(entry, Envelope):
                if isinstance(entry.message, _ActorStop):
                    self.put_last(entry)
                    plain = False
                    continue
                self.sent += 1
                if self._closed is not None:
                    self._drop_late(entry, self._closed)
                elif (self._slow and self.overflow is Overflow.LATEST) or self.overflow in _DROPPING:
                    self._offer_slowly(entry)
                else:
                    self._put(entry)
                continue
            with self._door:  # nobody comes in between its two places
                self._outside_waiters -= 1
                withdrawn, open_ = bool(entry.withdrawn), self._closed is None
                if open_ and not withdrawn:
                    self._wait(entry)
            if withdrawn:
                self._give_up_outside(entry)
            elif not open_:
                self._wait(entry)  # it is refused
        self._admit_waiting()

    def _drop_late(self, envelope: Envelope, why: str) -> None:
        """It came in before the close, so its sender was told that it is here."""
        error = ActorStopped(f"message not delivered: {why}", message=envelope.message)
        self.delivered += 1
        if self._tally is not None:
            self._tally.add(Account(sent=1, delivered=1, dropped={error.reason: 1}))
        if envelope.carrier is not None:
            envelope.carrier.dequeued(1, envelope.size)
        if envelope.reply is not None:
            envelope.reply.fail(error)
        self.drop(envelope, error)

    def _give_up_outside(self, waiter: Waiter) -> None:
        if waiter.withdrawn == COUNTED:
            return
        if waiter in self._waiting.get(waiter.envelope.source, ()):
            self.give_up(waiter, _gone(waiter))
        else:  # it gave up before the owner had looked, and comes a second time
            self.sent += 1
            self._refusal(_gone(waiter))
        waiter.withdrawn = COUNTED

    def _refuse_waiter(self, waiter: Waiter, why: str) -> None:
        error: SendError = ActorStopped(f"message not delivered: {why}")
        waiter.refused(error)
        if waiter.withdrawn:  # it had given up, and was told why
            error = _gone(waiter)
            waiter.withdrawn = COUNTED
        self._refusal(error)

    def _admit_waiting(self) -> None:
        waiting = self._waiting
        while waiting:
            source, lane = next(iter(waiting.items()))
            waiter = next(iter(lane))
            if not self._has_room(waiter.envelope.size):
                return
            del lane[waiter]
            self._waiters -= 1
            if lane:
                waiting.move_to_end(source)
            else:
                del waiting[source]
            if waiter.admitted():
                self._put(waiter.envelope)
            else:
                self._refusal(_gone(waiter))
                waiter.withdrawn = COUNTED
        self._settle()

    def _settle(self) -> None:
        if not self._waiting and not self._foreign and self._closed is None:
            self._slow = self.overflow is Overflow.LATEST
            if self._foreign or self._closed is not None:  # by another thread, between the look and what it was for
                self._slow = True


#: In place of why a sender gave up: it is in the ledger.
COUNTED = "-"
#: Policies under which a put from another thread is decided by the owner.
_DROPPING = frozenset({Overflow.DROP_OLDEST, Overflow.DROP_NEWEST})
#: Policies under which it is put as it comes.
_PLAIN = frozenset({Overflow.WAIT, Overflow.REJECT})


def _as_it_is(look: Callable[[], Iterable[T]]) -> tuple[T, ...]:
    """What is there at some instant, although another thread may change it while this one looks."""
    while True:
        try:
            return tuple(look())
        except RuntimeError:  # it was changed meanwhile
            continue


def _gone(waiter: Waiter) -> SendError:
    gone = SendError("the sender has gone")
    gone.reason = waiter.withdrawn or "cancelled"
    return gone


def _nobody() -> None:
    """Nobody is to be woken yet."""


def _unheard(envelope: Envelope, error: SendError) -> None:
    """Nobody listens for dropped messages yet."""
