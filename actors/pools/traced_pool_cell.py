"""The cell of a pool on a bus whose sends are traced: what waits in the pool's own mailbox keeps its trace.

A message has one wait in its trace, from its send to the handler that begins, whoever held it; that handler's span
names the member.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ..base import SendError
from ..engine import Addressee, Host, ask_traced, begun, lost_behind, note_loss, tell_traced, traced
from ..mailbox import Envelope
from ..sends import Outcome, followed
from .pool_cell import PoolCell

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["TracedPoolCell"]

R = TypeVar("R")


class TracedPoolCell(PoolCell):
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

    def tell(self, message: object, sender: Addressee | None, timeout: float | None) -> Outcome[None]:
        """As `PoolCell.tell`."""
        sending = begun(self, "tell", message, self.timeout if timeout is None else timeout)
        if sending is not None:
            return followed(partial(self.tell, message, sender, timeout), sending)
        return super().tell(message, sender, timeout)

    def hold_tell(self, message: object, sender: Addressee | None, timeout: float | None) -> Outcome[None]:
        """As `PoolCell.hold_tell`."""
        return tell_traced(self, super().hold_tell, message, sender, timeout)

    def hold_ask(
        self, message: object, sender: Addressee | None, timeout: float | None, reply: TypeForm[R] | None, bus: Host
    ) -> Outcome[R]:
        """As `PoolCell.hold_ask`."""
        return ask_traced(self, super().hold_ask, message, sender, timeout, reply, bus)

    def tell_foreign(self, envelope: Envelope, timeout: float | None) -> Outcome[None]:
        """As `Addressee.tell_foreign`."""
        return super().tell_foreign(traced(self, envelope), timeout)
