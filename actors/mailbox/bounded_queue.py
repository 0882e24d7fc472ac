"""A queue bounded in messages and in encoded bytes, fair between senders, and its overflow policy. For one thread.

Law 1: nothing leaves unseen. A message is delivered, or refused to its sender, or dropped through `on_drop`.
Law 2: per source the order of sending is the order of handling; between sources turns are taken.
Law 3: whenever nobody is inside, there is not both room and a sender that waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..base import ActorStopped, MailboxFull, SendError
from ..messages import Overflow
from .envelope import Envelope
from .fair_queue import FairQueue
from .ledger import Sum
from .mailbox_account import MailboxAccount
from .overflow import Verdict, decide
from .waiting_senders import COUNTED, Waiter, WaitingSenders, gone

__all__ = ["BoundedQueue", "nobody", "unheard"]


class BoundedQueue(MailboxAccount):
    """See the module. `Mailbox` adds other threads, the system's messages, and the end."""

    __slots__ = (
        "_closed",
        "_free",
        "_slow",
        "_user",
        "_waiting",
        "byte_limit",
        "bytes",
        "limit",
        "on_drop",
        "overflow",
        "scheduled",
        "wake",
    )

    def __init__(self, limit: int, byte_limit: int, overflow: Overflow) -> None:
        super().__init__()
        self.limit = limit
        self.byte_limit = byte_limit
        self.overflow = overflow
        #: The owner will look at this queue without being woken.
        self.scheduled = True
        self.wake: Callable[[], object] = nobody
        self.on_drop: Callable[[Envelope, SendError], None] = unheard
        self.bytes = 0
        self._free = limit
        self._user = FairQueue()
        #: None until somebody has waited: it would be a tenth of an idle actor.
        self._waiting: WaitingSenders | None = None
        self._closed: str | None = None
        #: `offer` must not take the short way: closed, someone waits already, other threads have put something,
        #: or each message is looked at.
        self._slow = overflow is Overflow.LATEST

    def room_for(self, count: int, size: int) -> bool:
        """There is room for `count` messages, of `size` bytes together."""
        # One message larger than the whole bound may enter alone: it was let through by the channel's limit. What never
        # left this process has no size, and needs no room but its place.
        return self._free >= count and (not size or self.bytes + size <= self.byte_limit or self.bytes == 0)

    def has_room_for(self, count: int, size: int) -> bool:
        """There is room for `count` messages, of `size` bytes together, and nothing to decide about any of them."""
        return not self._slow and self._free >= count and (not size or self.bytes + size <= self.byte_limit)

    def admit(self, envelope: Envelope) -> bool:
        """Decide about a message and act. False: its sender has to wait; `wait` counts it.

        Raises MailboxFull where the overflow policy is to reject, ActorStopped once closed.
        """
        verdict = decide(
            self.overflow,
            closed=self._closed is not None,
            room=self.room_for(1, envelope.size) and not self.waiting,
            older=self.overflow is Overflow.LATEST and self._user.holds_older(envelope),
        )
        match verdict:
            case Verdict.ENTERS:
                self.enter(envelope)
            case Verdict.WAITS:
                return False
            case Verdict.CLOSED:
                self.kept_out += 1
                raise self.count_failed(self.closed_error(envelope))
            case Verdict.REFUSED:
                self.kept_out += 1
                raise self.count_failed(self.full_error(envelope))
            case Verdict.DROPPED:
                self.delivered += 1
                if envelope.carrier is not None:
                    envelope.carrier.dequeued(1, envelope.size)
                self._drop(envelope, self.overflow.value)
            case Verdict.DISPLACES:
                while not self.room_for(1, envelope.size):
                    oldest = self._user.get_from_longest()
                    if oldest is None:
                        break
                    self._left(oldest)
                    self._drop(oldest, self.overflow.value)
                self.enter(envelope)
            case Verdict.REPLACES:
                self._replace(envelope)
        return True

    def enter(self, envelope: Envelope) -> None:
        """Deliver a message that may enter."""
        self._free -= 1
        self.bytes += envelope.size
        self.delivered += 1
        self._user.put(envelope)
        if not self.scheduled:
            self.scheduled = True
            self.wake()

    def enter_all(self, envelopes: list[Envelope], size: int) -> None:
        """Deliver messages of one source, at least one, of `size` bytes together, that may enter."""
        count = len(envelopes)
        self._free -= count
        self.bytes += size
        self.delivered += count
        self._user.put_all(envelopes)
        if not self.scheduled:
            self.scheduled = True
            self.wake()

    def _replace(self, envelope: Envelope) -> None:
        replaced = self._user.replace(envelope)
        assert replaced is not None
        self.delivered += 1
        self.bytes += envelope.size
        self._left(replaced)
        self._free -= 1
        self._drop(replaced, SUPERSEDED)
        # The newer message may be larger than the one it replaced.
        while self.bytes > self.byte_limit and self._free < self.limit - 1:
            oldest = self._user.get_from_longest()
            if oldest is envelope:
                self._user.put(envelope)
            elif oldest is not None:
                self._left(oldest)
                self._drop(oldest, self.overflow.value)

    # Senders that wait.

    def begin_wait(self, waiter: Waiter) -> None:
        """Queue a sender for room, which it has not looked for."""
        self.kept_out += 1
        if self._closed is not None:
            self.refuse_waiter(waiter, self._closed)
            return
        if self._waiting is None:
            self._waiting = WaitingSenders()
        self._waiting.add(waiter)
        self.waiting += 1
        self._slow = True

    def end_wait(self, waiter: Waiter, error: SendError) -> bool:
        """The sender waits no longer, for the reason in `error`. False: it did not wait."""
        if self._waiting is None or not self._waiting.remove(waiter):
            return False
        self.waiting -= 1
        self.count_failed(error)
        return True

    def admit_waiting(self) -> None:
        """Let in those that wait, as far as there is room."""
        waiting = self._waiting
        while waiting is not None and (waiter := waiting.first()) is not None:
            if not self.room_for(1, waiter.envelope.size):
                return
            waiting.take_first()
            self.waiting -= 1
            if waiter.admitted():
                self.kept_out -= 1
                self.enter(waiter.envelope)
            else:
                self.count_failed(gone(waiter))
                waiter.withdrawn = COUNTED

    def refuse_waiter(self, waiter: Waiter, why: str) -> None:
        """A sender that is one of `kept_out` waits for room that never comes."""
        error: SendError = ActorStopped(f"message not delivered: {why}")
        error.never_sent = True
        waiter.refused(error)
        if waiter.withdrawn:  # it had given up, and was told why
            error = gone(waiter)
            waiter.withdrawn = COUNTED
        self.count_failed(error)

    # What leaves.

    def _left(self, envelope: Envelope) -> None:
        self._free += 1
        self.bytes -= envelope.size
        if envelope.carrier is not None:
            envelope.carrier.dequeued(1, envelope.size)

    def drop(self, envelope: Envelope, error: SendError) -> None:
        """Count a message that was delivered and is not handled, and hand it to `on_drop`."""
        self.count_dropped(error.reason)
        self.on_drop(envelope, error)

    def _drop(self, envelope: Envelope, reason: str) -> None:
        self.count_dropped(reason)
        self.tell_dropped(envelope, reason)

    def tell_dropped(self, envelope: Envelope, reason: str) -> None:
        """Let its asker and `on_drop` know of a message that is dropped for want of room."""
        error = self.full_error(envelope)
        if reason == SUPERSEDED:
            error = MailboxFull("a newer message of the same sender and type took its place", message=envelope.message)
        error.reason = reason
        if envelope.reply is not None:
            envelope.reply.fail(error)
        self.on_drop(envelope, error)

    # What it says.

    @property
    def queued(self) -> int:
        """Messages that lie here."""
        return self.limit - self._free

    @property
    def has_more(self) -> bool:
        """Users' messages are queued."""
        return bool(self._user)

    def __iter__(self) -> Iterator[Envelope]:
        """What is queued by users, in no promised order."""
        return iter(self._user)

    def no_room(self) -> str:
        """Why there is no room, for an error's text."""
        return (
            f"the mailbox is full ({self.limit - self._free} of {self.limit} messages, "
            f"{self.bytes} of {self.byte_limit} bytes)"
        )

    def full_error(self, envelope: Envelope) -> MailboxFull:
        """The error of a message for which there is no room."""
        text = f"{self.no_room()}; its overflow policy is {self.overflow.value!r}"
        return MailboxFull(text, message=envelope.message)

    def closed_error(self, envelope: Envelope) -> ActorStopped:
        """The error of a message that comes after the close."""
        error = ActorStopped(f"message not delivered: {self._closed}", message=envelope.message)
        error.never_sent = True
        return error

    def add_to(self, total: Sum) -> None:
        """Add the account at this instant, and what lies here, to a sum. For thousands at once: it makes no value."""
        total.actors += 1
        total.queued += self.limit - self._free
        total.bytes += self.bytes
        if self.failed or self.dropped or self._undone or self._outside:
            total.add(self.account)
        else:
            total.sent += self.sent
            total.delivered += self.delivered
            total.pending += self.waiting


#: Why a message was dropped for a newer one.
SUPERSEDED = "superseded"


def nobody() -> None:
    """Nobody is to be woken yet, or any more."""


def unheard(envelope: Envelope, error: SendError) -> None:
    """Nobody listens for dropped messages yet, or any more."""
