"""A handle to one actor that may be passed around: Pykka's `ActorRef`, with deadlines and a bounded mailbox."""

from __future__ import annotations

import asyncio
import weakref
from threading import get_ident
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

import pykka
from pykka.messages import _ActorStop

from ..base import MailboxFull, SendError, WouldDeadlock, current_bus
from ..mailbox import Envelope, MailboxStatistics
from ..messages import Address, HomeNode, travels
from ..sends import DELIVERED, FailedOutcome, ForeignWaiting, Outcome, ReplyFuture, TracedOutcome, check_timeout
from .here import why_it_stays
from .rehearsal import expected

if TYPE_CHECKING:
    from ..messages import Asks, Exactly, Speaks
    from .behaviour import Behaviour
    from .cell import Cell

__all__ = ["Ref"]

A = TypeVar("A", bound="Behaviour")
M = TypeVar("M")
R = TypeVar("R")


class Ref(pykka.ActorRef[A], Generic[A]):
    """The actor's handle. Its `tell`, `ask`, `stop` and `proxy` are Pykka's; `await bus.ask(ref, …)` is ours.

    It stays the same through restarts of the actor.

    ```python
    ref = node.spawn(Blocks, name="more")
    block = await node.ask(ref, GetBlock(7))
    ref.stop(block=False)
    ```
    """

    def __init__(self, actor: A, cell: Cell) -> None:
        self._cell = cell
        self.actor_class = type(actor)
        self.actor_urn = cell.urn
        self.actor_inbox = cell.mailbox  # type: ignore[assignment]  # envelopes are ours
        self.actor_stopped = cell.stopped
        self._actor_weakref = weakref.ref(actor)

    if TYPE_CHECKING:

        def __actor__(self) -> A: ...

    @property
    def address(self) -> Address[object] | None:
        """Where the actor is on its bus; None for an actor without a bus."""
        return self._cell.address

    def statistics(self) -> MailboxStatistics:
        """The actor's mailbox at this instant."""
        return self._cell.mailbox.statistics()

    def tell(  # type: ignore[override]  # Pykka returns None, and takes any message
        self: Speaks[M], message: M | Exactly[M], *, timeout: float | None = None
    ) -> Outcome[None]:
        """Send without an answer. On the bus's loop, `await` the outcome; on another thread the call itself waits.

        Where the mailbox is full and its policy is to wait, it waits at most `timeout` seconds (default: the
        channel's, 5 s).
        Raises ActorStopped (a `pykka.ActorDeadError`), MailboxFull, MessageTypeError, DeadlineExceeded("mailbox").
        """
        if timeout is not None and timeout.__class__ is not float:
            timeout = check_timeout(timeout)
        ref: Ref[Any] = self  # type: ignore[assignment]  # what it speaks is for callers
        cell = ref._cell
        if cell.stopped.flag:
            raise cell.dead_error(self, message)
        if message.__class__ is _ActorStop:
            cell.request_stop()
            return DELIVERED
        outcome = cell.tell(message, None, timeout)
        if outcome is DELIVERED:
            return outcome
        waits = isinstance(outcome, ForeignWaiting | TracedOutcome)
        if isinstance(outcome, FailedOutcome) or (waits and not _in_event_loop()):
            try:
                outcome.get()
            except BaseException:
                del outcome  # the error keeps this frame, see outcome.py
                raise
        return outcome

    @overload  # type: ignore[override]  # Pykka takes any message
    def ask(
        self: Speaks[M], message: Asks[M | Exactly[M], R], *, block: Literal[True] = True, timeout: float | None = None
    ) -> R: ...
    @overload
    def ask(
        self: Speaks[M], message: Asks[M | Exactly[M], R], *, block: Literal[False], timeout: float | None = None
    ) -> ReplyFuture[R]: ...
    @overload
    def ask(
        self: Speaks[M], message: M | Exactly[M], *, block: Literal[True] = True, timeout: float | None = None
    ) -> Any: ...
    @overload
    def ask(
        self: Speaks[M], message: M | Exactly[M], *, block: Literal[False], timeout: float | None = None
    ) -> ReplyFuture[Any]: ...
    @overload
    def ask(self: Speaks[M], message: M | Exactly[M], *, block: bool, timeout: float | None = None) -> Any: ...
    def ask(self, message: object, *, block: bool = True, timeout: float | None = None) -> Any:
        """Send and wait for the answer, at most `timeout` seconds (default: for ever, as in Pykka).

        `block=False` returns a future at once, with Pykka's `get`, `map`, `join`, … that may also be awaited.
        The answer to a `Request` is what it names, or MessageTypeError is raised.
        Raises `pykka.Timeout`, what the handler raised, ActorStopped, and WouldDeadlock where the calling thread is
        the one that has to handle the message.
        """
        if timeout is not None and timeout.__class__ is not float:
            timeout = check_timeout(timeout)
        cell = self._cell
        if block:
            self._check_may_block()
        future = self.actor_class._create_future()
        future.producer, future.asked, future.message = cell, message, message
        envelope = Envelope(message, None, future)
        if cell.stopped.is_set():
            future.fail(cell.dead_error(self, message))
        elif isinstance(message, _ActorStop):
            cell.request_stop(future)
        else:
            self._send(envelope, future, timeout)
        try:
            return future.get(timeout=timeout) if block else future
        finally:
            del envelope, future  # an error keeps this frame, see outcome.py

    def proxy(self) -> pykka.ActorProxy[A]:
        """Pykka's proxy. Raises ActorStopped (a `pykka.ActorDeadError`)."""
        if self._cell.stopped.flag:
            raise self._cell.dead_error(self, None)
        return super().proxy()

    def _travelling(self, home: HomeNode) -> str:
        cell = self._cell
        if cell.bus is None or cell.address is None:
            raise ValueError(f"{self} is on no bus, so it has no address: carry that of a reactor of this node")
        if not home.is_home(cell.bus):
            raise ValueError(f"{self} runs on another node of this process: carry an address that names that node")
        why = why_it_stays(cell)
        if why is not None:
            raise ValueError(why)
        return cell.address._travelling(home)

    def _check_may_block(self) -> None:
        cell = self._cell
        if cell.stopped.flag or not (cell.blocks(get_ident()) or current_bus() is not None):
            return
        if cell.lost() is None:
            raise WouldDeadlock(
                f"waiting for {self} would stop the thread that has to answer: `await bus.ask(ref, message)`, "
                "or ask with block=False and await the future"
            )

    def _send(self, envelope: Envelope, future: ReplyFuture[object], timeout: float | None) -> None:
        cell = self._cell
        if cell.spreads:
            cell = cell.receiver(envelope.message)
        envelope = cell.traced(envelope)
        error: SendError | None = cell.check_type(envelope.message, None)
        if error is None:
            future.expected = expected(cell, envelope.message, None, None)
            if cell.mailbox.owner == get_ident():
                try:
                    if cell.mailbox.offer(envelope):
                        return
                    error = cell.mailbox.refuse(self._no_room(envelope))
                except SendError as refusal:
                    error = refusal
                cell.undelivered(envelope, error)
                future.fail(error)
                return
            outcome = cell.tell_foreign(envelope, timeout)
            if isinstance(outcome, FailedOutcome):
                future.fail(outcome.error)
            elif isinstance(outcome, ForeignWaiting):
                if _in_event_loop():
                    future.fail(self._no_room(envelope))  # and a dead letter, as any send that is not awaited
                    return
                try:
                    outcome.get()
                except SendError as late:
                    future.fail(late.with_traceback(None))  # it would keep this frame, and that the future
            return
        cell.fail(envelope, error)
        future.fail(error)

    def _no_room(self, envelope: Envelope) -> MailboxFull:
        return MailboxFull(
            f"no room in the mailbox of {self}: `await bus.ask(ref, message)` waits for it", message=envelope.message
        )

    def stop(self, *, block: bool = True, timeout: float | None = None) -> Any:
        """Ask the actor to stop, behind what is in its mailbox. True: it stopped now; False: it had stopped before.

        `block=False` returns a future that may be awaited. Raises WouldDeadlock as `ask` does.
        """
        if block:
            self._check_may_block()
        asked = self.ask(_ActorStop(), block=False)

        def convert(timeout: float | None) -> bool:
            try:
                asked.get(timeout=timeout)
            except pykka.ActorDeadError as dead:
                dead.__traceback__ = None  # it keeps this frame, and that the future
                return False
            return True

        converted: ReplyFuture[bool] = ReplyFuture()
        converted.derive(convert, asked)
        return converted.get(timeout=timeout) if block else converted


def _in_event_loop() -> bool:
    return asyncio._get_running_loop() is not None


travels(Ref)
