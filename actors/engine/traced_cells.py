"""The cells of a bus whose sends are traced. Others have none of it: a trace costs nothing where there is none.

Each message that is traced lies in a `TracedEnvelope`; the others go the ways of every message.
"""

from __future__ import annotations

from collections.abc import Awaitable
from math import inf
from typing import TYPE_CHECKING, TypeVar, cast

from ..mailbox import NEVER, Envelope, Handling, MessageTrace, TracedEnvelope
from ..sends import DELIVERED, AskFuture, Outcome, Supply, Within
from .addressee import Addressee
from .cell import Cell
from .cross_reply import CrossReply
from .life_end import HALT
from .loop_cell import LoopCell
from .rehearsal import expected
from .state import State
from .thread_cell import ThreadCell
from .timings import SAMPLED
from .to_cell import pour_singly
from .traced_work import TracedWork
from .turn import timed_turn

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from ..base import SendError
    from .host import Host

__all__ = ["TracedLoopCell", "TracedThreadCell"]

R = TypeVar("R")


class TracedLoopCell(LoopCell):
    """On the event loop. Its turns are the plain ones, message by message: `run_turn` knows no traces."""

    __slots__ = ("handling_now",)

    #: The work that the message at hand has begun; only while it is handled.
    handling_now: Handling

    def drain(self) -> None:
        """As `LoopCell.drain`."""
        idle = self._turns is None and (self._reentrant is None or not self._reentrant.full)
        if not idle or self.state is not State.RUNNING:
            super().drain()
            return
        try:
            if self.mailbox.delivered % SAMPLED:
                Cell.drain(self)
            else:
                timed_turn(self, lambda: Cell.drain(self))
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

    def failed(self, envelope: Envelope, error: BaseException) -> object:
        """As `Cell.failed`."""
        note_failure(envelope, error)
        return super().failed(envelope, error)

    def undelivered(self, envelope: Envelope, error: SendError) -> None:
        """As `Addressee.undelivered`."""
        note_loss(envelope, error)
        super().undelivered(envelope, error)

    def traced(self, envelope: Envelope) -> Envelope:
        """As `Cell.traced`."""
        return traced(self, envelope)

    def tell(self, message: object, sender: Addressee | None, timeout: float | None) -> Outcome[None]:
        """As `LoopCell.tell`."""
        trace = stamp_of(self, message, asked=False)
        if trace is None:
            return super().tell(message, sender, timeout)
        assert self.bus is not None
        address = None if sender is None else sender.address
        envelope = TracedEnvelope(message, address, None, NEVER, sender, trace=trace)
        return self.enter(envelope, sender, timeout, self.bus.wheel)

    def pour(self, supply: Supply, sender: Addressee | None, within: Within) -> Outcome[None] | None:
        """As `Cell.pour`, one by one."""
        return pour_traced(self, supply, sender, within)

    def ask(
        self, message: object, sender: Addressee | None, timeout: float | None, reply: TypeForm[R] | None, bus: Host
    ) -> Outcome[R]:
        """As `LoopCell.ask`."""
        trace = stamp_of(self, message, asked=True)
        if trace is None:
            return super().ask(message, sender, timeout, reply, bus)
        deadline = self.loop.time() + (self.timeout if timeout is None else timeout)
        future: AskFuture[R] = AskFuture.of(self.loop, message, reply, self.abandon)
        address = None if sender is None else sender.address
        envelope = TracedEnvelope(message, address, future, deadline, sender, trace=trace)
        return self.enter_ask(envelope, future, sender, timeout, bus.wheel)


class TracedThreadCell(ThreadCell):
    """On a thread of its own."""

    __slots__ = ("handling_now",)

    handling_now: Handling

    def handle(self, envelope: Envelope) -> object:
        """As `ThreadCell.handle`."""
        if not isinstance(envelope, TracedEnvelope):
            return super().handle(envelope)
        if self.left:
            return HALT
        self.measure(envelope)
        self._message_context = context = self.context.copy()
        result = context.run(handle_traced, self, envelope)
        return HALT if result is None and self._posted else result

    def detach(self, envelope: Envelope, awaitable: object) -> object:
        """As `ThreadCell.detach`."""
        return super().detach(envelope, detached(self, envelope, awaitable))

    def failed(self, envelope: Envelope, error: BaseException) -> object:
        """As `Cell.failed`."""
        note_failure(envelope, error)
        return super().failed(envelope, error)

    def undelivered(self, envelope: Envelope, error: SendError) -> None:
        """As `Addressee.undelivered`."""
        note_loss(envelope, error)
        super().undelivered(envelope, error)

    def traced(self, envelope: Envelope) -> Envelope:
        """As `Cell.traced`."""
        return traced(self, envelope)

    def tell(self, message: object, sender: Addressee | None, timeout: float | None) -> Outcome[None]:
        """As `ThreadCell.tell`."""
        trace = stamp_of(self, message, asked=False)
        if trace is None:
            return super().tell(message, sender, timeout)
        address = None if sender is None else sender.address
        envelope = TracedEnvelope(message, address, None, NEVER, sender, trace=trace)
        self.stamp(envelope)
        error = self.refusal(envelope, sender, timeout)
        return self.tell_foreign(envelope, timeout) if error is None else self.fail(envelope, error)

    def pour(self, supply: Supply, sender: Addressee | None, within: Within) -> Outcome[None] | None:
        """As `Cell.pour`, one by one."""
        return pour_traced(self, supply, sender, within)

    def ask(
        self, message: object, sender: Addressee | None, timeout: float | None, reply: TypeForm[R] | None, bus: Host
    ) -> Outcome[R]:
        """As `ThreadCell.ask`."""
        trace = stamp_of(self, message, asked=True)
        if trace is None:
            return super().ask(message, sender, timeout, reply, bus)
        seconds = self.timeout if timeout is None else timeout
        deadline = bus.loop.time() + seconds
        future: AskFuture[R] = AskFuture.of(bus.loop, message, expected(self, message, sender, reply), self._phase)
        address = None if sender is None else sender.address
        answer = CrossReply(future, bus.loop)
        envelope = TracedEnvelope(message, address, answer, NEVER, sender, trace=trace)
        self.stamp(envelope)
        error = self.refusal(envelope, sender, timeout)
        outcome = self.tell_foreign(envelope, seconds) if error is None else self.fail(envelope, error)
        return future.follow(outcome, bus.wheel, deadline)


Traced = TracedLoopCell | TracedThreadCell


def stamp_of(cell: Traced, message: object, *, asked: bool) -> MessageTrace | None:
    """The trace of a message that leaves for this cell now."""
    assert cell.bus is not None
    tracer = cell.bus.tracer
    return None if tracer is None else tracer.stamp(cell.name or "", message, asked=asked)


def traced(cell: Traced, envelope: Envelope) -> Envelope:
    """The envelope of a message that leaves for this cell now."""
    trace = stamp_of(cell, envelope.message, asked=envelope.reply is not None)
    if trace is None:
        return envelope
    one = envelope
    return TracedEnvelope(
        one.message, one.sender, one.reply, one.deadline, one.source, one.size, one.carrier, trace=trace
    )


def pour_traced(cell: Traced, supply: Supply, sender: Addressee | None, within: Within) -> Outcome[None] | None:
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
        del cell.handling_now
    if result is None or result is HALT:
        if not handling.detached:
            handling.ended()
        return result
    return TracedWork(cast("Awaitable[object]", result), handling)


def detached(cell: Traced, envelope: Envelope, awaitable: object) -> object:
    """A reentrant handler's work, as what is awaited for it."""
    if not isinstance(envelope, TracedEnvelope):
        return awaitable
    cell.handling_now.detached = True
    return TracedWork(cast("Awaitable[object]", awaitable), cell.handling_now)


def note_failure(envelope: Envelope, error: BaseException) -> None:
    """A handler raised."""
    if isinstance(envelope, TracedEnvelope):
        envelope.trace.failed(error)


def note_loss(envelope: Envelope, error: SendError) -> None:
    """A message is not handled."""
    if isinstance(envelope, TracedEnvelope):
        envelope.trace.lost(error)
