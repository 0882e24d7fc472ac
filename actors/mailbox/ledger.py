"""What became of every send of a node: accounts by channel that add up, also of actors and connections that are gone.

Law 1: what takes sends keeps the count itself (mailbox, lane), so that keeping the ledger costs a send nothing.
       Here is only what outlives them: when one ends, its account is added to its channel's tally.
Law 2: what fails at one that has ended goes to that tally at once.
Law 3: accounts are kept by the names of channels that this node knows, so a peer cannot make them many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from threading import RLock
from typing import Protocol

__all__ = ["NO_CHANNEL", "Account", "Audited", "Books", "ItemCounts", "Ledger", "Side", "Sum", "Tally", "add_counts"]

#: Where actors without a channel, and receivers that nobody knows, are counted.
NO_CHANNEL = "-"


@dataclass(frozen=True, slots=True)
class Account:
    """Sends to one channel. `sent == delivered + the sum of failed + pending`, at every instant.

    `failed`: by reason, as `SendError.reason`. Of what was delivered, `dropped` never met its handler, and `undone`
    did, but the handler failed, was cancelled, or took longer than the asker had; both by reason.
    """

    sent: int = 0
    delivered: int = 0
    pending: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    undone: Mapping[str, int] = field(default_factory=dict)
    #: Seconds that sends stood for a peer's credit, all together; none of what adds up.
    stood: float = field(default=0.0, compare=False)

    @property
    def balanced(self) -> bool:
        """It adds up."""
        return self.sent == self.delivered + sum(self.failed.values()) + self.pending

    def __add__(self, other: Account) -> Account:
        return Account(
            self.sent + other.sent,
            self.delivered + other.delivered,
            self.pending + other.pending,
            _added(self.failed, other.failed),
            _added(self.dropped, other.dropped),
            _added(self.undone, other.undone),
            self.stood + other.stood,
        )


class Sum:
    """Accounts being added up, and what lies in the mailboxes that they are of."""

    __slots__ = ("actors", "bytes", "delivered", "dropped", "failed", "pending", "queued", "sent", "stood", "undone")

    def __init__(self) -> None:
        self.sent = self.delivered = self.pending = 0
        self.stood = 0.0
        self.failed: dict[str, int] = {}
        self.dropped: dict[str, int] = {}
        self.undone: dict[str, int] = {}
        #: Mailboxes, and the messages and bytes in them.
        self.actors = self.queued = self.bytes = 0

    def add(self, account: Account) -> None:
        """Add one."""
        self.sent += account.sent
        self.delivered += account.delivered
        self.pending += account.pending
        self.stood += account.stood
        add_counts(self.failed, account.failed)
        add_counts(self.dropped, account.dropped)
        add_counts(self.undone, account.undone)

    @property
    def account(self) -> Account:
        """The sum at this instant."""
        failed, dropped, undone = self.failed, self.dropped, self.undone
        return Account(self.sent, self.delivered, self.pending, failed, dropped, undone, self.stood)


class Side(Enum):
    """Which way messages go."""

    LOCAL = "local"
    REMOTE = "remote"
    ARRIVED = "arrived"
    ASTRAY = "astray"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every send since the node started, by the channel of its receiver; see `Account`.

    `local`: to actors of this node, by whomever: by actors here, by plain code, and by peers, whose messages come
    into the same mailboxes. `remote`: to peers' reactors; delivered is what the peer has returned credit for, pending
    what waits for credit, is to be written, or is on its way. `astray`: sends that found no receiver.
    `arrived`: what peers sent to reactors of this node; delivered is what a mailbox took, so `local` has it too.
    """

    local: Mapping[str, Account]
    remote: Mapping[str, Account]
    astray: Mapping[str, Account]
    arrived: Mapping[str, Account]
    #: Items of streams that were sent from this node, by the channel of the request: delivered is what a reader took.
    items: Mapping[str, Account] = field(default_factory=dict)

    @property
    def balanced(self) -> bool:
        """Every account adds up."""
        return all(
            account.balanced
            for side in (self.local, self.remote, self.astray, self.arrived, self.items)
            for account in side.values()
        )

    def of(self, channel: str) -> Account:
        """All that was sent to a channel: here, to peers, and to nobody."""
        sides = (self.local, self.remote, self.astray)
        return sum((side[channel] for side in sides if channel in side), Account())


class Audited(Protocol):
    """Something that counts sends while it lives."""

    def accounts(self) -> Iterable[tuple[Side, str, Account]]:
        """Its accounts at this instant, by side and channel."""


class ItemCounts:
    """What became of the items of streams of one channel that are sent from this node. On the loop's thread.

    An item is delivered when its reader has taken it, or the stream has come to its end with it; pending until then.
    """

    __slots__ = ("delivered", "failed", "open", "sent", "standing")

    def __init__(self) -> None:
        self.sent = self.delivered = 0
        self.failed: dict[str, int] = {}
        #: Streams that are open.
        self.open = 0
        #: Those of them whose sender waits until the reader has room.
        self.standing = 0

    def lost(self, items: int, reason: str) -> None:
        """`items` were sent, and nobody takes them any more."""
        if items:
            self.failed[reason] = self.failed.get(reason, 0) + items

    @property
    def account(self) -> Account:
        """At this instant."""
        failed = dict(self.failed)
        return Account(self.sent, self.delivered, self.sent - self.delivered - sum(failed.values()), failed)


class Tally:
    """The total of what has ended on one channel. From any thread."""

    __slots__ = ("_account", "_lock")

    def __init__(self) -> None:
        self._account = Account()
        #: Reentrant: a send that is collected as garbage, at any moment, counts too.
        self._lock = RLock()

    @property
    def account(self) -> Account:
        """The total at this instant."""
        return self._account

    def add(self, account: Account) -> None:
        """Add the account of one that has ended."""
        with self._lock:
            self._account += account

    def refused(self, reason: str) -> None:
        """A send failed at one that has ended, or found none."""
        self.add(Account(sent=1, failed={reason: 1}))


class Books:
    """The ledger of one bus, being kept. `known` tells whether a name is that of a channel of this node."""

    __slots__ = ("_items", "_known", "_open", "_tallies", "counted_as")

    def __init__(self, known: Callable[[str], bool]) -> None:
        self._known = known
        #: Channels of actors that run elsewhere by a name of their own, and under which name these are counted.
        self.counted_as: dict[str, str] = {}
        self._tallies: dict[tuple[Side, str], Tally] = {}
        self._open: dict[Audited, None] = {}
        self._items: dict[str, ItemCounts] = {}

    def name(self, channel: str) -> str:
        """Under which name a channel is counted."""
        return channel if self._known(channel) else self.counted_as.get(channel, NO_CHANNEL)

    def tally(self, side: Side, channel: str) -> Tally:
        """The total of what has ended on a channel. From any thread."""
        key = side, self.name(channel)
        tally = self._tallies.get(key)
        return self._tallies.setdefault(key, Tally()) if tally is None else tally

    def streams(self) -> dict[str, ItemCounts]:
        """What was counted of streams, by channel."""
        return dict(self._items)

    def items(self, channel: str) -> ItemCounts:
        """What counts the items of streams on a channel."""
        name = self.name(channel)
        return self._items.get(name) or self._items.setdefault(name, ItemCounts())

    def open(self, source: Audited) -> None:
        """Ask this one for its accounts, until it is closed."""
        self._open[source] = None

    def close(self, source: Audited) -> None:
        """Keep its accounts as they are now: it has ended. A second time changes nothing."""
        if source in self._open:
            del self._open[source]
            for side, channel, account in source.accounts():
                self.tally(side, channel).add(account)

    def ledger(self, actors: Mapping[str, Sum]) -> Ledger:
        """The ledger at this instant; `actors` are the sums of those that live, by channel."""
        sums: dict[tuple[Side, str], Sum] = {}
        for key, tally in tuple(self._tallies.items()):
            sums[key] = total = Sum()
            total.add(tally.account)
        live = [(Side.LOCAL, channel, total.account) for channel, total in actors.items()]
        for source in tuple(self._open):
            live += source.accounts()
        for side, channel, account in live:
            if account.sent:
                key = side, self.name(channel)
                known = sums.get(key)
                if known is None:
                    known = sums[key] = Sum()
                known.add(account)
        sides: dict[Side, dict[str, Account]] = {side: {} for side in Side}
        for (side, channel), total in sums.items():
            sides[side][channel] = total.account
        items = {name: counts.account for name, counts in tuple(self._items.items())}
        return Ledger(sides[Side.LOCAL], sides[Side.REMOTE], sides[Side.ASTRAY], sides[Side.ARRIVED], items)


def add_counts(to: dict[str, int], more: Mapping[str, int]) -> None:
    """Add these counts, by reason."""
    if more:
        for reason, count in more.items():
            to[reason] = to.get(reason, 0) + count


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> Mapping[str, int]:
    if not other:
        return one
    total = dict(one)
    add_counts(total, other)
    return total
