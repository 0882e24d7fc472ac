"""The cell of a pool's member that a process runs, where sends are traced: a trace goes there with its message.

What waits here is a child of its send, as is what waits there, and what the handler there does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ...actors.base import SendError
from ...actors.engine import (
    Addressee,
    Host,
    ask_traced,
    begun,
    lost_behind,
    note_loss,
    pour_traced,
    tell_traced,
    traced,
)
from ...actors.mailbox import Envelope
from ...actors.sends import Outcome, Supply, Within, followed
from .member_cell import MemberCell

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["TracedMemberCell"]

R = TypeVar("R")


class TracedMemberCell(MemberCell):
    """See the module."""

    __slots__ = ()

    def traced(self, envelope: Envelope) -> Envelope:
        """As `Cell.traced`."""
        return traced(self, envelope)

    def undelivered(self, envelope: Envelope, error: SendError) -> None:
        """As `Addressee.undelivered`."""
        note_loss(envelope, error)
        super().undelivered(envelope, error)

    def heard_behind(self) -> Callable[[Envelope, SendError], None]:
        """As `Addressee.heard_behind`."""
        return partial(lost_behind, super().heard_behind())

    def pour(self, supply: Supply, sender: Addressee | None, within: Within) -> Outcome[None] | None:
        """As `Cell.pour`, one by one."""
        return pour_traced(self, supply, sender, within)

    def tell(self, message: object, sender: Addressee | None, timeout: float | None) -> Outcome[None]:
        """As `LoopCell.tell`."""
        sending = begun(self, "tell", message, self.timeout if timeout is None else timeout)
        if sending is not None:
            return followed(partial(self.tell, message, sender, timeout), sending)
        return tell_traced(self, super().tell, message, sender, timeout)

    def ask(
        self, message: object, sender: Addressee | None, timeout: float | None, reply: TypeForm[R] | None, bus: Host
    ) -> Outcome[R]:
        """As `LoopCell.ask`."""
        return ask_traced(self, super().ask, message, sender, timeout, reply, bus)

    def tell_foreign(self, envelope: Envelope, timeout: float | None) -> Outcome[None]:
        """As `Addressee.tell_foreign`."""
        return super().tell_foreign(traced(self, envelope), timeout)
