"""The cells of a bus whose sends are traced. Others have none of it: a trace costs nothing where there is none.

Each message that is traced lies in a `TracedEnvelope`; the others go the ways of every message.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from math import inf
from typing import TYPE_CHECKING, TypeVar, cast

from ..mailbox import NEVER, Envelope, Handling, MessageTrace, TracedEnvelope, as_traced
from ..sends import (
    DELIVERED,
    AskFuture,
    Outcome,
    ReplyFuture,
    Sending,
    Supply,
    Within,
    brought,
    followed,
)
from .addressee import Addressee
from .cell import Cell
from .life_end import HALT
from .loop_cell import LoopCell
from .state import State
from .thread_cell import ThreadCell
from .to_cell import pour_singly
from .traced_work import TracedWork
from .turn import timed_turn

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from ..base import SendError
    from .host import Host

__all__ = [
    "TracedLoopCell",
    "TracedThreadCell",
    "ask_traced",
    "begun",
    "lost_behind",
    "note_loss",
    "stamp_of",
    "tell_traced",
    "traced",
]

R = TypeVar("R")


class TracedLoopCell(LoopCell):
    """On the event loop. Its turns are the plain ones, message by message: `run_turn` knows no traces."""

    __slots__ = ("handling_now",)

    #: The work that the message at hand has begun; only while it is handled.
    handling_now: Handling | None

    def failed(self, envelope: Envelope, error: BaseException) -> object:
        """As `Cell.failed`."""
        note_failure(envelope, error)
        return super().failed(envelope, error)

    def undelivered(self, envelope: Envelope, error: SendError) -> None:
        """As `Addressee.undelivered`."""
        note_loss(envelope, error)
        super().undelivered(envelope, error)

    def heard_behind(self) -> Callable[[Envelope, SendError], None]:
        """As `Addressee.heard_behind`."""
        return partial(lost_behind, super().heard_behind())

    def traced(self, envelope: Envelope) -> Envelope:
        """As `Cell.traced`."""
        return traced(self, envelope)

    def pour(self, supply: Supply, sender: Addressee | None, within: Within) -> Outcome[None] | None:
        """As `Cell.pour`, one by one."""
        return pour_traced(self, supply, sender, within)

    def drain(self) -> None:
        """As `LoopCell.drain`."""
        idle = self._turns is None and (self._reentrant is None or not self._reentrant.full)
        if not idle or self.state is not State.RUNNING:
            super().drain()
            return
        try:
            if self.mark is None:
                plain_turn(self)
            else:
                timed_turn(self, lambda: plain_turn(self))
        except BaseException as error:  # noqa: BLE001  # as there
            self.turn_failed(error)

    def handle(self, envelope: Envelope) -> object:
        """As `Cell.handle`."""
        if not isinstance(envelope, TracedEnvelope):
            return super().handle(envelope)
        return handle_traced(self, envelope)

    def detach(self, envelope: Envelope, awaitable: object) -> object:
        """As `LoopCell.detach`."""
        return super().detach(envelope, detached(self, envelope, awaitable))

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


class TracedThreadCell(ThreadCell):
    """On a thread of its own."""

    __slots__ = ("handling_now",)

    handling_now: Handling | None

    def failed(self, envelope: Envelope, error: BaseException) -> object:
        """As `Cell.failed`."""
        note_failure(envelope, error)
        return super().failed(envelope, error)

    def undelivered(self, envelope: Envelope, error: SendError) -> None:
        """As `Addressee.undelivered`."""
        note_loss(envelope, error)
        super().undelivered(envelope, error)

    def heard_behind(self) -> Callable[[Envelope, SendError], None]:
        """As `Addressee.heard_behind`."""
        return partial(lost_behind, super().heard_behind())

    def traced(self, envelope: Envelope) -> Envelope:
        """As `Cell.traced`."""
        return traced(self, envelope)

    def pour(self, supply: Supply, sender: Addressee | None, within: Within) -> Outcome[None] | None:
        """As `Cell.pour`, one by one."""
        return pour_traced(self, supply, sender, within)

    def handle_within(self, envelope: Envelope) -> object:
        """As `ThreadCell.handle_within`."""
        if not isinstance(envelope, TracedEnvelope):
            return super().handle_within(envelope)
        return handle_traced(self, envelope)

    def detach(self, envelope: Envelope, awaitable: object) -> object:
        """As `ThreadCell.detach`."""
        return super().detach(envelope, detached(self, envelope, awaitable))

    def tell_foreign(self, envelope: Envelope, timeout: float | None) -> Outcome[None]:
        """As `Addressee.tell_foreign`, by which all that is sent comes in."""
        if envelope.reply is None and not isinstance(envelope, TracedEnvelope):
            sending = begun(self, "tell", envelope.message, self.timeout if timeout is None else timeout)
            if sending is not None:
                return followed(partial(self.tell_foreign, envelope, timeout), sending)
        return super().tell_foreign(traced(self, envelope), timeout)


Traced = TracedLoopCell | TracedThreadCell


def plain_turn(cell: TracedLoopCell) -> None:
    """As `run_turn`, message by message."""
    Cell.drain(cell)
    mailbox, bus = cell.mailbox, cell.bus
    if bus is not None and mailbox.scheduled and not cell.held and cell.state is State.RUNNING:
        bus.arrivals.note(cell)  # there is more, and the others have their turn first


def begun(cell: Cell, verb: str, message: object, seconds: float) -> Sending | None:
    """A send that begins here, by a ref; None: it is a part of one that has begun, or is not traced."""
    assert cell.bus is not None
    tracer = cell.bus.tracer
    return None if tracer is None or cell.ref is None else tracer.sending(verb, cell.ref, message, seconds)


def stamp_of(cell: Cell, message: object, *, asked: bool) -> MessageTrace | None:
    """The trace of a message that leaves for this cell now."""
    assert cell.bus is not None
    tracer = cell.bus.tracer
    return None if tracer is None else tracer.stamp(cell.name or "", message, asked=asked)


def tell_traced(
    cell: LoopCell,
    plain: Callable[[object, Addressee | None, float | None], Outcome[None]],
    message: object,
    sender: Addressee | None,
    timeout: float | None,
) -> Outcome[None]:
    """As `LoopCell.tell`, which is `plain`."""
    trace = stamp_of(cell, message, asked=False)
    if trace is None:
        return plain(message, sender, timeout)
    assert cell.bus is not None
    address = None if sender is None else sender.address
    envelope = TracedEnvelope(message, address, None, NEVER, sender, trace=trace)
    return cell.enter(envelope, sender, timeout, cell.bus.wheel)


def ask_traced(
    cell: LoopCell,
    plain: Callable[[object, Addressee | None, float | None, TypeForm[R] | None, Host], Outcome[R]],
    message: object,
    sender: Addressee | None,
    timeout: float | None,
    reply: TypeForm[R] | None,
    bus: Host,
) -> Outcome[R]:
    """As `LoopCell.ask`, which is `plain`."""
    trace = stamp_of(cell, message, asked=True)
    if trace is None:
        return plain(message, sender, timeout, reply, bus)
    deadline = cell.loop.time() + (cell.timeout if timeout is None else timeout)
    future: AskFuture[R] = AskFuture.of(cell.loop, message, reply, cell.abandon)
    address = None if sender is None else sender.address
    envelope = TracedEnvelope(message, address, future, deadline, sender, trace=trace)
    return cell.enter_ask(envelope, future, sender, timeout, bus.wheel)


def traced(cell: Cell, envelope: Envelope) -> Envelope:
    """The envelope of a message that leaves for this cell now."""
    if isinstance(envelope, TracedEnvelope):
        return envelope
    reply = envelope.reply
    sending = begun(cell, "ask", envelope.message, inf) if isinstance(reply, ReplyFuture) else None
    if sending is None:
        trace = stamp_of(cell, envelope.message, asked=reply is not None)
    else:
        with sending.current():
            trace = stamp_of(cell, envelope.message, asked=True)
        assert isinstance(reply, ReplyFuture)
        reply.on_done(partial(brought, sending, reply))
    return envelope if trace is None else as_traced(envelope, trace)


def pour_traced(cell: Cell, supply: Supply, sender: Addressee | None, within: Within) -> Outcome[None] | None:
    """As `Cell.pour`, one by one."""
    while messages := supply.take(1):
        outcome = pour_singly(cell, messages, 0, supply, sender, within)
        if outcome is not None and outcome is not DELIVERED:
            return outcome
    return None


def handle_traced(cell: Traced, envelope: TracedEnvelope) -> object:
    """As `Cell.handle`, for a message that is traced."""
    reply = envelope.reply
    if reply is not None and (reply.done() or (cell.shedder is not None and cell._hopeless(envelope))):
        cell._expired(envelope)
        return None
    left = inf if envelope.deadline == NEVER else envelope.deadline - cell.now()
    name = cell.name or ""
    handling = envelope.trace.handling(name, envelope.message, asked=reply is not None, left=left)
    cell.handling_now = handling
    try:
        with handling.current():
            result = Cell.handle(cell, envelope)
    finally:
        cell.handling_now = None
    if result is None or result is HALT:
        if not handling.detached:
            handling.ended()
        return result
    return TracedWork(cast("Awaitable[object]", result), handling)


def detached(cell: Traced, envelope: Envelope, awaitable: object) -> object:
    """A reentrant handler's work, or a generator's, as what is awaited for it."""
    handling: Handling | None = getattr(cell, "handling_now", None)
    if handling is None:
        return awaitable
    handling.detached = True
    return TracedWork(cast("Awaitable[object]", awaitable), handling)


def note_failure(envelope: Envelope, error: BaseException) -> None:
    """A handler raised."""
    if isinstance(envelope, TracedEnvelope):
        envelope.trace.failed(error)


def note_loss(envelope: Envelope, error: SendError) -> None:
    """A message is not handled."""
    if isinstance(envelope, TracedEnvelope):
        envelope.trace.lost(error)


def lost_behind(hear: Callable[[Envelope, SendError], None], envelope: Envelope, error: SendError) -> None:
    """A message is not handled, as its actor has ended: it is noted, and heard of."""
    note_loss(envelope, error)
    hear(envelope, error)
