"""The cell of the seat, in the process of a pool's member: it hears when the member has nothing to do."""

from __future__ import annotations

from collections.abc import Callable

from ...actors.engine import Addressee, LoopCell
from ...actors.pools import MemberMailbox

__all__ = ["SeatCell"]


class SeatCell(LoopCell):
    """That of a seat, in the process: the mailbox of its child says when it is empty, and what was in it is handled."""

    __slots__ = ("rested",)

    rested: Callable[[], object]

    def has_child(self, child: Addressee) -> None:
        """As `Addressee.has_child`."""
        mailbox = child.mailbox
        child.mailbox = MemberMailbox(mailbox.limit, mailbox.byte_limit, mailbox.overflow)
        child.mailbox.on_drop = mailbox.on_drop
        child.mailbox.on_rest = self.rested
