"""The running side of an actor: what happens with one message.

A cell runs its actor on the bus's event loop (`LoopCell`) or on a thread of its own (`ThreadCell`); what happens
with one message is the same for both and stands here. A cell is made of these, each on the one before it, as a compiler
takes them (see `tests/unit/test_core.py`); what one needs of those after it, `Driven` names:

    NamedActor     what it is called, in logs and errors
    WatchedActor   those that watch it, and those that it watches
    Driven         what whoever runs it has to offer
    LifeEnd        its end
    Life           its beginning, its restarts; `state.STEPS` and `DOES` are the table
    Supervised     what becomes of its failures
    Addressee      what is sent to it, before it is let in, and where it is not
    Cell           one message
    LoopCell, ThreadCell
"""

# Long, as all that can become of one message is read in one place.

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context
from threading import get_ident
from typing import TYPE_CHECKING, TypeVar, cast

import pykka
from pykka.messages import _ActorStop

from ..base import (
    ActorStopped,
    DeadlineExceeded,
    MessageTypeError,
    PeerbusError,
    RemoteError,
    SendError,
    get_logger,
    shown,
)
from ..mailbox import Envelope, Mailbox
from ..messages import Address, ShutdownStarted, Terminated, article
from ..sends import AskFuture, ReplyFuture, Search, Wait
from .actor_tasks import ActorTasks
from .addressee import PYKKA_MESSAGES, Addressee
from .handler_table import Handler
from .latency import OwnLatency
from .life_end import HALT
from .load_shedding import LoadShedder
from .state import State
from .supervisor import Supervisor
from .timers import Followed, Tick, Timer
from .turn_pace import TurnPace

if TYPE_CHECKING:
    from .behaviour import Behaviour
    from .host import Host

__all__ = ["HALT", "Cell"]

R = TypeVar("R")
T = TypeVar("T")

log = get_logger("peerbus.actors")


class Cell(Addressee):
    """One actor's mailbox and handlers. Not for users: they hold a `Ref`."""

    __slots__ = ("latency", "mark", "shedder")

    parent: Cell | None

    def __init__(
        self,
        actor_class: type[Behaviour],
        factory: Callable[[], Behaviour] | None,
        bus: Host | None = None,
        name: str | None = None,
        parent: Cell | None = None,
        supervisor: Supervisor | None = None,
        context: Context | None = None,
    ) -> None:
        super().__init__(actor_class, factory, bus, name, parent, supervisor, context)
        #: What the actor is handling, or handled last before it went idle.
        self.current: Envelope | None = None
        #: A message of which it is measured how long it stays: how many had come with it, and when; None: of none.
        self.mark: tuple[int, float] | None = None
        #: Which asks are not worth to be begun; None while none was late.
        self.shedder: LoadShedder | None = None
        #: How long answers to this node's own asks of a role take; None while there were none.
        self.latency: OwnLatency | None = None

    # What differs between the loop and a thread.

    def suspend(self, envelope: Envelope, awaitable: object) -> None:
        """A handler is `async def`: run it to its end before the next message."""
        raise NotImplementedError

    def detach(self, envelope: Envelope, awaitable: object) -> object:
        """A reentrant handler: run it beside the next messages. Returns HALT or None, as `handle`."""
        raise NotImplementedError

    def again(self) -> None:
        """There is more to take: come back after the others had their turn."""
        raise NotImplementedError

    def receiver(self, message: object, asker: Address[object] | None = None) -> Cell:
        """The one that gets a message that is sent to it now: a pool picks one of its members. `asker`: who asks."""
        return self

    def opens(self, message: object, reply: object) -> tuple[Cell, Mailbox]:
        """As `receiver`, of one that is answered in items; and the mailbox that it goes into, or has to wait for."""
        return self, self.mailbox

    # Standing still; see `deadlock`.

    def standing(self) -> tuple[object, object]:
        """What the handler or hook that holds this actor awaits, and a mark of it; (None, None): it is not held."""
        raise NotImplementedError

    def task_of(self, reply: object) -> object:
        """What has to go on before this ask is answered, or, None, the next message is taken; None: nothing has to."""
        return self.standing()[0]

    def follow(self, wait: object, search: Search) -> None:
        """A handler elsewhere waits for this actor: look what it waits for itself."""
        task = self.task_of(wait)
        if task is not None and not (self.parent is not None and self.parent.takes_back(self, wait, search)):
            search.reach(self, task)

    def place_of(self, _wait: Wait) -> str:
        """The address, as text, of whom a send that waits for this actor is for."""
        return str(self) if self.address is None else str(self.address)

    # Messages.

    def drain(self) -> None:
        """Handle what is in the mailbox, as much as one turn may."""
        if self.state is not State.RUNNING:
            if self.state is State.STOPPED:
                self.mailbox.refuse_late()
            return
        mailbox, handle, pace = self.mailbox, self.handle, TurnPace(self.now)
        while pace.goes_on():
            envelope = mailbox.take()
            if envelope is None:
                self.current = None
                if mailbox.rest():
                    return
                continue
            result = handle(envelope)
            if result is not None:
                if result is not HALT:
                    self.suspend(envelope, result)
                return
        self.current = None
        self.again()

    def handle(self, envelope: Envelope) -> object:
        """Handle one message. None: done. HALT: take no further one. Else: what has to be awaited first."""
        reply = envelope.reply
        if reply is not None and (reply.done() or (self.shedder is not None and self._hopeless(envelope))):
            self._expired(envelope)
            return None
        self.current = envelope
        message = envelope.message
        handler = self.handlers.get(message.__class__)
        if handler is None:
            if isinstance(message, _ActorStop):
                if reply is not None:
                    if self._stop_replies is None:
                        self._stop_replies = []
                    self._stop_replies.append(reply)
                self.stop("stopped")
                return HALT
            if isinstance(message, Tick):
                return self._handle_tick(envelope, message.timer)
            if self.handlers:
                handler = self._inherited(message)
        try:
            if handler is None:
                result = self._receive(envelope)
            else:
                function, wants_sender, reentrant = handler
                result = (
                    function(self.actor, message, envelope.sender) if wants_sender else function(self.actor, message)
                )
                if reentrant:
                    reply = None  # as below: a thread runs it now
                    return self.detach(envelope, result)
        except BaseException as error:  # noqa: BLE001  # the supervisor decides
            reply = None  # the error keeps this frame, see outcome
            return self.failed(envelope, error)
        # A Pykka future that an actor without a bus returns is a value, as in Pykka.
        if (
            result is not None
            and hasattr(result, "__await__")
            and not (self.bus is None and isinstance(result, pykka.Future))
        ):
            return result
        if reply is not None and not self.is_aside(envelope):
            reply.succeed(result)
        return None

    def _handle_tick(self, envelope: Envelope, timer: Timer) -> object:
        """Handle what a timer has put, unless it was cancelled since. Returns what `handle` does."""
        if not timer.taken():
            return None
        envelope.message = timer.message
        result = self.handle(envelope)
        if not timer.wants_end:
            return result
        if result is not None and result is not HALT:
            return Followed(cast("Awaitable[object]", result), timer.handled)
        beside = self.beside(envelope)
        if beside is None:
            timer.handled()
        else:
            beside.add_done_callback(lambda _: timer.handled())
        return result

    def _inherited(self, message: object) -> Handler | None:
        bases = () if isinstance(message, PYKKA_MESSAGES) else type(message).__mro__[1:]
        return next((self.handlers[base] for base in bases if base in self.handlers), None)

    def _receive(self, envelope: Envelope) -> object:
        actor, message = self.actor, envelope.message
        assert actor is not None
        if (
            self.bus is None
            or type(actor).on_receive is not pykka.Actor.on_receive
            or isinstance(message, PYKKA_MESSAGES)
        ):
            return actor._handle_receive(message)
        if isinstance(message, Terminated):
            return None  # it was watched without a handler: nothing was asked for
        error = MessageTypeError(f"{self} has no handler of {article(type(message).__name__)}", message=message)
        if envelope.reply is not None:
            envelope.reply.fail(error)
        self.undelivered(envelope, error)
        return None

    def _hopeless(self, envelope: Envelope) -> bool:
        """It could not be answered in time, and others wait that can: its asker learns it now."""
        assert self.shedder is not None
        assert envelope.reply is not None
        now, kind = self.now(), type(envelope.message)
        if not self.mailbox.has_more or not self.shedder.hopeless(kind, envelope.deadline - now, now):
            return False
        why = f"{self} has more to do than it can, and {kind.__name__} would not be answered in the time that is left"
        envelope.reply.fail(DeadlineExceeded(why, phase="mailbox", message=envelope.message))
        return True

    def came_late(self, envelope: Envelope) -> None:
        """The deadline of an ask came while its handler was at work."""
        if self.shedder is None:
            self.shedder = LoadShedder()
        self.shedder.late(type(envelope.message), self.now())

    def has_begun(self, reply: object) -> bool:
        """The handler of this ask has begun."""
        return self.current is not None and self.current.reply is reply

    def answered_late(self, reply: object) -> bool:
        """The time of this ask is over before its answer could be sent: was its handler at work?"""
        current = self.current
        if current is not None and current.reply is reply:
            self.came_late(current)
            return True
        return self.has_begun(reply)

    def _expired(self, envelope: Envelope) -> None:
        name = type(envelope.message).__name__
        reply = envelope.reply
        error: SendError
        if isinstance(reply, AskFuture | ReplyFuture) and reply.cancelled():
            error = SendError(f"the asker of {name} went away before {self} handled it", message=envelope.message)
            error.reason = "cancelled"
        else:
            text = f"{name} waited in the mailbox of {self} until nobody asked for it any more"
            error = DeadlineExceeded(text, phase="mailbox", message=envelope.message)
        self.mailbox.drop(envelope, error)

    def traced(self, envelope: Envelope) -> Envelope:
        """The envelope of a message that leaves for this cell, as it lies in the mailbox."""
        return envelope

    def failed(self, envelope: Envelope, error: BaseException) -> object:
        """A handler raised. Returns HALT or None, as `handle`."""
        reply = envelope.reply
        if reply is not None and reply.done():
            # Its deadline came, or its asker went, and that is what became of it; this comes out of its clean-up.
            self.log_unheard(error)
            self.exits(error)
            return self.verdict()
        self.mailbox.count_undone("handler_failed")
        if self.bus is None and self.ends_everyone(error, asked=reply is not None):
            if reply is not None:
                reply.fail(self.stopped_error(envelope.message))
            self.end_everyone(error)
            self.end_now(f"ended by {error!r}")
        elif reply is not None:
            if not isinstance(error, RemoteError):
                # What a call through a proxy raises is its caller's.
                self.log_raised(error, envelope.message, expected=isinstance(envelope.message, PYKKA_MESSAGES))
            # The error's frames hold the envelope, which the garbage collector does not look into: else the asker's
            # future and its error would keep each other for ever.
            envelope.reply = None
            reply.raised(error)
            self.exits(error)
        elif self.supervisor is None or self.bus is None:
            self.log.error("unhandled exception, the actor stops", **self.named, exc_info=error)
            self.mark_stopped()
            self.call_on_failure(error)
            self.leave(f"failed: {shown(error)}", farewell=False, kill=True)
        else:
            self.bus.dead_letter(envelope.message, "handler_failed", to=self.address, sender=envelope.sender)
            if self.state is State.RUNNING:
                return self.supervise(error, of=envelope.message)
            name = type(envelope.message).__name__
            log.error("handler failed while the actor stops or restarts", **self.named, message=name, exc_info=error)
        return self.verdict()

    def refuse_left(self, envelope: Envelope, *, begun: bool = False) -> None:
        """The actor ended, or was rebuilt, before it had handled this message, which it may have begun to."""
        reply, message = envelope.reply, envelope.message
        if isinstance(message, _ActorStop):
            if reply is not None:
                reply.succeed(None)
        elif reply is not None and reply.done():
            if not begun:
                self._expired(envelope)
        elif not isinstance(message, ShutdownStarted | Terminated | Tick):
            when = "while it answered" if reply is not None else "while it handled the message"
            error = self.stopped_error(message, when) if begun else self.stopped_error(message)
            error.never_sent = not begun
            if reply is not None:
                reply.fail(error)
            if begun:
                self.mailbox.count_undone(error.reason)
                self.undelivered(envelope, error)
            else:
                self.mailbox.drop(envelope, error)

    def turn_failed(self, error: BaseException) -> None:
        """What is around a handler raised: a message's class, or a reply. As a failure of the actor."""
        envelope = self.current
        if envelope is not None and envelope.reply is not None and not self.is_aside(envelope):
            envelope.reply.raised(error)  # nothing where it is answered
        if self.state is State.RUNNING and self.supervise(error) is not HALT:
            self.again()

    def create_task(self, coroutine: Coroutine[object, object, T], name: str | None) -> asyncio.Task[T]:
        """A task that ends with the actor. Raises PeerbusError where it cannot have one."""
        if not isinstance(coroutine, Coroutine):
            raise TypeError(f"create_task takes a coroutine, as in self.create_task(self.poll()), not {coroutine!r}")
        if self.state is State.NEW:
            raise PeerbusError(f"{self} has not started: start its tasks in on_start, not in its constructor")
        if self.state not in (State.STARTING, State.RUNNING):
            raise ActorStopped(f"{self} is {self.state.value}: it can start no task")
        if self.tasks is None:
            assert self.bus is not None
            self.tasks = ActorTasks(self, self.bus.loop)
        return self.tasks.start(coroutine, name)

    # Stash.

    def handling(self) -> Envelope | None:
        """The message whose handler is the caller."""
        return self.current

    def put_aside(self) -> None:
        """Stash the message that is being handled."""
        envelope = self.handling() if self.mailbox.owner == get_ident() else None
        if envelope is None:
            raise PeerbusError(
                f"the caller handles no message of {self} that could be put aside: only the handler itself can, "
                "no task and no thread that it has started"
            )
        if self.stash is None:
            self.stash = []
        if len(self.stash) >= self.mailbox.limit:
            raise PeerbusError(f"{self} has put {len(self.stash)} messages aside, as many as its mailbox holds")
        self.stash.append(envelope)

    def take_up(self) -> None:
        """Handle what was stashed, before anything else."""
        stash, self.stash = self.stash, None
        for envelope in stash or ():
            self.mailbox.put_system(envelope)

    def is_aside(self, envelope: Envelope) -> bool:
        """Its handler has put it aside: it is answered later."""
        return self.stash is not None and any(aside is envelope for aside in self.stash)
