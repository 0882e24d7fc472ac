"""The cell of a pool on a bus whose sends are traced: what waits in the pool's own mailbox keeps its trace.

A message has one wait in its trace, from its send to the handler that begins, whoever held it; that handler's span
names the member.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ..base import SendError
from ..engine import Addressee, Host, begun, lost_behind, note_loss, stamp_of, traced
from ..mailbox import NEVER, Envelope, TracedEnvelope
from ..sends import AskFuture, Outcome, followed
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
        trace = stamp_of(self, message, asked=False)
        if trace is None:
            return super().hold_tell(message, sender, timeout)
        assert self.bus is not None
        address = None if sender is None else sender.address
        envelope = TracedEnvelope(message, address, None, NEVER, sender, trace=trace)
        return self.enter(envelope, sender, timeout, self.bus.wheel)

    def hold_ask(
        self, message: object, sender: Addressee | None, timeout: float | None, reply: TypeForm[R] | None, bus: Host
    ) -> Outcome[R]:
        """As `PoolCell.hold_ask`."""
        trace = stamp_of(self, message, asked=True)
        if trace is None:
            return super().hold_ask(message, sender, timeout, reply, bus)
        deadline = self.loop.time() + (self.timeout if timeout is None else timeout)
        future: AskFuture[R] = AskFuture.of(self.loop, message, reply, self.abandon)
        address = None if sender is None else sender.address
        envelope = TracedEnvelope(message, address, future, deadline, sender, trace=trace)
        return self.enter_ask(envelope, future, sender, timeout, bus.wheel)

    def tell_foreign(self, envelope: Envelope, timeout: float | None) -> Outcome[None]:
        """As `Addressee.tell_foreign`."""
        return super().tell_foreign(traced(self, envelope), timeout)
