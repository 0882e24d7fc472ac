"""The mailbox of a pool itself, and beside it the room in which streams wait: one account, one end."""

from __future__ import annotations

from ..mailbox import Mailbox, Sum, Tally
from ..messages import Overflow
from .stream_room import StreamRoom

__all__ = ["PoolMailbox"]


class PoolMailbox(Mailbox):
    """As any. `streams`: that room."""

    __slots__ = ("streams",)

    def __init__(self, limit: int, byte_limit: int, overflow: Overflow, streams: StreamRoom) -> None:
        super().__init__(limit, byte_limit, overflow)
        self.streams = streams

    def shut(self, why: str) -> None:
        """As `Mailbox.shut`."""
        super().shut(why)
        self.streams.shut(why)

    def add_to(self, total: Sum) -> None:
        """As `BoundedQueue.add_to`."""
        super().add_to(total)
        total.add(self.streams.account)

    def settle(self, tally: Tally) -> None:
        """As `MailboxAccount.settle`."""
        super().settle(tally)
        self.streams.settle(tally)
