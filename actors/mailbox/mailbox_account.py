"""What one mailbox counts: what was sent to it, and what became of that.

The owner's thread counts in plain numbers. What other threads refuse or drop they count apart, with the door held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import RLock, get_ident

from ..base import SendError
from .ledger import Account, Tally

__all__ = ["MailboxAccount", "MailboxStatistics"]


@dataclass(frozen=True, slots=True)
class MailboxStatistics:
    """A mailbox at one instant. `sent == delivered + failed + waiting` holds whenever nobody is inside it."""

    queued: int
    queued_bytes: int
    waiting: int
    sent: int
    delivered: int
    failed: Mapping[str, int]
    dropped: Mapping[str, int]
    limit: int
    byte_limit: int
    #: Messages whose handler failed, was cancelled, or took longer than the asker had, by reason.
    undone: Mapping[str, int] = field(default_factory=dict)
    #: Seconds since the oldest that lies there came, exact to a turn of the loop; None: none was there for longer.
    oldest: float | None = None

    @property
    def account(self) -> Account:
        """What became of what was sent here."""
        return Account(self.sent, self.delivered, self.waiting, self.failed, self.dropped, self.undone)


class MailboxAccount:
    """The account of one mailbox, being kept."""

    __slots__ = (
        "_door",
        "_outside",
        "_tally",
        "_undone",
        "delivered",
        "dropped",
        "failed",
        "kept_out",
        "owner",
        "waiting",
    )

    def __init__(self) -> None:
        #: Identifier of the owner's thread; 0 until the actor runs, `thread_end.ENDED` when it has ended.
        self.owner = 0
        self.delivered = 0
        #: Sends that were not let in: they failed, or wait for room. Counted apart from these two, so that the account
        #: can be wrong; and with `delivered`, all that were sent, so that one that is let in is counted once.
        self.kept_out = 0
        #: Senders that wait for room.
        self.waiting = 0
        self.failed: dict[str, int] = {}
        self.dropped: dict[str, int] = {}
        #: Messages whose handlers did not do what was asked, by reason; None while there are none.
        self._undone: dict[str, int] | None = None
        #: What other threads refused or dropped, by (`failed` or `dropped`, reason).
        self._outside: dict[tuple[str, str], int] | None = None
        #: Held while a thread that is not the owner looks for room and puts. Reentrant: a collected outcome counts too.
        self._door = RLock()
        #: Where the account goes on once the owner has ended.
        self._tally: Tally | None = None

    def refuse(self, error: SendError) -> SendError:
        """Count a send that was not delivered and does not wait; returns `error`. From any thread."""
        if self.owner != get_ident():
            self.count_outside("failed", error.reason)
            return error
        self.kept_out += 1
        return self.count_failed(error)

    def count_failed(self, error: SendError) -> SendError:
        """Count a send, one of `kept_out` already, that failed; returns `error`. On the owner's thread."""
        self.failed[error.reason] = self.failed.get(error.reason, 0) + 1
        if self._tally is not None:
            self._tally.refused(error.reason)
        return error

    def count_dropped(self, reason: str) -> None:
        """Count a message that was delivered and is not handled. On the owner's thread."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1

    def count_undone(self, reason: str) -> None:
        """Count a message whose handler failed, was cancelled, or took longer than the asker had."""
        if self._undone is None:
            self._undone = {}
        self._undone[reason] = self._undone.get(reason, 0) + 1

    def count_outside(self, kind: str, reason: str) -> None:
        """Count a send that another thread has seen refused (`failed`) or has dropped (`dropped`)."""
        with self._door:
            if self._outside is None:
                self._outside = {}
            self._outside[kind, reason] = self._outside.get((kind, reason), 0) + 1
            if self._tally is not None and kind == "failed":
                self._tally.refused(reason)

    @property
    def sent(self) -> int:
        """All that the owner's thread has seen."""
        return self.delivered + self.kept_out

    @property
    def account(self) -> Account:
        """What became of what was sent, at this instant."""
        failed, dropped = dict(self.failed), dict(self.dropped)
        with self._door:
            outside = dict(self._outside or {})
        for (kind, reason), count in outside.items():
            counts = failed if kind == "failed" else dropped
            counts[reason] = counts.get(reason, 0) + count
        return Account(
            sent=self.sent + sum(outside.values()),
            delivered=self.delivered + sum(count for (kind, _), count in outside.items() if kind == "dropped"),
            pending=self.waiting,
            failed=failed,
            dropped=dropped,
            undone=dict(self._undone or {}),
        )

    def settle(self, tally: Tally) -> None:
        """The owner has ended: its account goes into `tally`, and whatever fails here from now on too."""
        with self._door:
            if self._tally is None:
                tally.add(self.account)
                self._tally = tally

    def count_late(self, reason: str) -> None:
        """Count, as delivered and dropped, a message that came in before the end and is found behind it."""
        self.delivered += 1
        if self._tally is not None:
            self._tally.add(Account(sent=1, delivered=1, dropped={reason: 1}))
