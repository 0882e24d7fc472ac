"""The running side of an actor: mailbox, turns, failures, end. One cell lives through all restarts of its actor.

State machine: see TRANSITIONS. A cell runs its actor on the bus's event loop (`LoopCell`) or on a thread of its
own (`ThreadCell`, in thread_cell.py); what happens with one message is the same for both and stands here.
"""

from __future__ import annotations

import inspect
import threading
import uuid
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

import pykka
from pykka.messages import _ActorStop

from .address import LOCAL, Address
from .channel import DEFAULT_TIMEOUT
from .current import BUILDING
from .envelope import Envelope
from .errors import ActorStopped, DeadlineExceeded, MessageTypeError, PeerbusError, RemoteError, SendError
from .events import ActorFailed, ActorRestarted, ActorStarted, ActorTerminated, Terminated
from .handlers import Handler
from .log import get_logger
from .outcome import Failed, Outcome
from .supervision import Directive, Supervisor

if TYPE_CHECKING:
    from .actor import Actor
    from .bus import Bus
    from .ref import Ref
    from .timers import Timers

__all__ = ["BATCH", "HALT", "TRANSITIONS", "Cell", "State"]

R = TypeVar("R")

log = get_logger("peerbus.actors")

#: Messages that an actor handles before others get their turn (measured: 8 costs 27 %, 256 gains nothing).
BATCH = 64


class State(Enum):
    """Where in its life a cell is."""

    NEW = "new"
    STARTING = "starting"
    RUNNING = "running"
    BACKING_OFF = "backing_off"
    STOPPING = "stopping"
    STOPPED = "stopped"


#: What may follow what.
TRANSITIONS: dict[State, frozenset[State]] = {
    State.NEW: frozenset({State.STARTING, State.STOPPED}),
    State.STARTING: frozenset({State.RUNNING, State.BACKING_OFF, State.STOPPING, State.STOPPED}),
    State.RUNNING: frozenset({State.BACKING_OFF, State.STOPPING, State.STOPPED}),
    State.BACKING_OFF: frozenset({State.STARTING, State.STOPPING, State.STOPPED}),
    State.STOPPING: frozenset({State.STOPPED}),
    State.STOPPED: frozenset(),
}


class StopFlag(threading.Event):
    """An event that makes its lock when somebody waits: 100 bytes for an actor that nobody waits for, not 1 200."""

    def __init__(self) -> None:
        self._set = False
        self._event: threading.Event | None = None

    def is_set(self) -> bool:
        """The actor has stopped."""
        return self._set

    def set(self) -> None:
        """The actor has stopped: wake who waits."""
        self._set = True
        if self._event is not None:
            self._event.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the actor has stopped, at most `timeout` seconds."""
        if not self._set:
            if self._event is None:
                self._event = threading.Event()
            if self.is_set():  # it stopped while the event was made
                return True
            self._event.wait(timeout)
        return self._set


#: What `handle` returns when the cell takes no further message in this turn.
HALT = object()


class Cell:
    """One actor's mailbox, state and rules; what happens with one message. Not for users: they hold a `Ref`."""

    __slots__ = (
        "__weakref__",
        "_on_ended",
        "_stop_replies",
        "actor",
        "actor_class",
        "address",
        "bus",
        "children",
        "current",
        "factory",
        "handlers",
        "mailbox",
        "name",
        "parent",
        "reason",
        "ref",
        "stash",
        "state",
        "stopped",
        "supervisor",
        "timeout",
        "timers",
        "types",
        "urn",
        "watchers",
    )

    def __init__(
        self,
        actor_class: type[Actor],
        factory: Callable[[], Actor] | None,
        *,
        bus: Bus | None = None,
        name: str | None = None,
        parent: Cell | None = None,
        supervisor: Supervisor | None = None,
    ) -> None:
        self.actor_class = actor_class
        self.factory = factory
        self.bus = bus
        self.name = name
        self.parent = parent
        self.supervisor = supervisor
        self.address: Address[object] | None = None if name is None else Address(LOCAL, name)
        channel = actor_class.__channel__
        self.types = None if channel is None else channel.types
        self.timeout = DEFAULT_TIMEOUT if channel is None else channel.timeout
        self.handlers: dict[type, Handler] = actor_class.__handlers__
        self.mailbox = actor_class._create_actor_inbox()
        self.mailbox.on_drop = self._dropped
        self.urn = uuid.uuid4().urn if bus is None else bus.next_urn()
        self.stopped = StopFlag()
        self.state = State.NEW
        self.reason = ""
        self.actor: Actor | None = None
        self.ref: Ref[Actor] | None = None
        #: What the actor is handling, or handled last before it went idle.
        self.current: Envelope | None = None
        self.children: dict[Cell, None] = {}
        self.watchers: dict[Cell, None] | None = None
        self.timers: Timers | None = None
        self.stash: list[Envelope] | None = None
        self._stop_replies: list[Envelope] = []
        self._on_ended: list[Callable[[], object]] = []

    @property
    def begun(self) -> bool:
        """`on_start` has finished."""
        return self.state not in (State.NEW, State.STARTING)

    # What differs between the loop and a thread.

    def now(self) -> float:
        """Seconds of the clock that this cell's deadlines and timers are in."""
        raise NotImplementedError

    def call_later(self, delay: float, action: Callable[[], object]) -> Callable[[], object]:
        """Run `action` in the actor's turn after `delay` seconds; returns what cancels it."""
        raise NotImplementedError

    def start(self) -> None:
        """Begin: `on_start`, then messages."""
        raise NotImplementedError

    def suspend(self, envelope: Envelope, awaitable: object) -> None:
        """A handler is `async def`: run it to its end before the next message."""
        raise NotImplementedError

    def run_hook(self, awaitable: object, then: Callable[[BaseException | None], object]) -> None:
        """Run an `async def` hook (`on_start`, `on_stop`) to its end, then call `then(error)`."""
        raise NotImplementedError

    def again(self) -> None:
        """There is more to take: come back after the others had their turn."""
        raise NotImplementedError

    def abandon(self, reply: object) -> str:
        """Nobody waits for this reply any more: end the work. Returns the phase in which it was."""
        raise NotImplementedError

    def post(self, action: Callable[[], object]) -> None:
        """Run `action` in the actor's turn, in whatever state it is. From any thread."""
        raise NotImplementedError

    # Messages.

    def drain(self) -> None:
        """Handle what is in the mailbox, at most BATCH messages."""
        if self.state is not State.RUNNING:
            if self.state is State.STOPPED:
                self.mailbox.refuse_late()
            return
        mailbox = self.mailbox
        take, handle = mailbox.take, self.handle
        for _ in range(BATCH):
            envelope = take()
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
        self.again()

    def handle(self, envelope: Envelope) -> object:
        """Handle one message. None: done. HALT: take no further one. Else: what has to be awaited first."""
        reply = envelope.reply
        if reply is not None and reply.done():
            self._expired(envelope)
            return None
        self.current = envelope
        message = envelope.message
        handler = self.handlers.get(message.__class__)
        try:
            if handler is None:
                result = self._handle_other(envelope)
                if result is HALT:
                    return HALT
            else:
                function, wants_sender, reentrant = handler
                result = (
                    function(self.actor, message, envelope.sender) if wants_sender else function(self.actor, message)
                )
                if reentrant:
                    return self.detach(envelope, result)
        except Exception as error:  # noqa: BLE001  # whatever a handler raises is the supervisor's business
            return self.failed(envelope, error)
        if result is not None and inspect.isawaitable(result):
            return result
        if reply is not None and not (self.stash and self.stash[-1] is envelope):
            reply.succeed(result)
        return None

    def detach(self, envelope: Envelope, awaitable: object) -> object:
        """A reentrant handler: run it beside the next messages. Returns HALT or None, as `handle`."""
        raise NotImplementedError

    def _handle_other(self, envelope: Envelope) -> object:
        message = envelope.message
        if isinstance(message, _ActorStop):
            self._stop_replies.append(envelope)
            self.stop("stopped")
            return HALT
        for base in type(message).__mro__[1:]:
            handler = self.handlers.get(base)
            if handler is not None and not handler.reentrant:
                if handler.wants_sender:
                    return handler.function(self.actor, message, envelope.sender)
                return handler.function(self.actor, message)
        if isinstance(message, Terminated):
            return None  # it was watched without a handler: nothing was asked for
        assert self.actor is not None
        return self.actor._handle_receive(message)

    def _expired(self, envelope: Envelope) -> None:
        error = DeadlineExceeded(
            f"{type(envelope.message).__name__} waited in the mailbox of {self} until nobody asked for it any more",
            phase="mailbox",
            message=envelope.message,
        )
        self.mailbox.drop(envelope, error)

    def _dropped(self, envelope: Envelope, error: SendError) -> None:
        if self.bus is not None:
            self.bus.dead_letter(envelope.message, error.reason, to=self.address, sender=envelope.sender, error=error)
        else:
            log.warning("dead letter", to=str(self), reason=error.reason, message=type(envelope.message).__name__)

    def put_aside(self) -> None:
        """Stash the message that is being handled."""
        if self.current is None:
            raise PeerbusError(f"{self} is handling no message that could be put aside")
        if self.stash is None:
            self.stash = []
        if len(self.stash) >= self.mailbox.limit:
            raise PeerbusError(f"{self} has put {len(self.stash)} messages aside, as many as its mailbox holds")
        self.stash.append(self.current)

    def take_up(self) -> None:
        """Handle what was stashed, before anything else."""
        stash, self.stash = self.stash, None
        for envelope in stash or ():
            self.mailbox.put_system(envelope)

    # Sending to this cell.

    def tell(self, message: object, sender: Cell | None, timeout: float | None) -> Outcome[None]:
        """Deliver `message` from `sender` (None: plain code)."""
        raise NotImplementedError

    def ask(
        self, message: object, sender: Cell | None, timeout: float | None, reply: type[R] | None, bus: Bus
    ) -> Outcome[R]:
        """Deliver `message` from the event loop of `bus`, with a future for the answer."""
        raise NotImplementedError

    def check_type(self, message: object, sender: Cell | None) -> MessageTypeError | None:
        """What is wrong with sending this message here, if anything."""
        if self.types is None or message.__class__ in self.types or sender is self:
            return None
        if isinstance(
            message, (_ActorStop, pykka.messages.ProxyCall, pykka.messages.ProxyGetAttr, pykka.messages.ProxySetAttr)
        ):
            return None
        declared = ", ".join(sorted(t.__name__ for t in self.types))
        return MessageTypeError(
            f"{self} does not take a {type(message).__name__}; its channel declares {declared}", message=message
        )

    def fail(self, envelope: Envelope, error: SendError, *, counted: bool = False) -> Failed:
        """A send failed: count it, let dead letters know. Returns its outcome."""
        if not counted:
            self.mailbox.refuse(error)
        self.undelivered(envelope, error)
        return Failed(error)

    def undelivered(self, envelope: Envelope, error: SendError) -> None:
        """A send failed: let dead letters know."""
        self._dropped(envelope, error)

    # Failures.

    def failed(self, envelope: Envelope, error: BaseException) -> object:
        """A handler raised. Returns HALT or None, as `handle`."""
        reply = envelope.reply
        if reply is not None:
            if not isinstance(error, RemoteError):
                log.info("handler failed, the asker is told", actor=str(self), error=repr(error), exc_info=error)
            reply.raised(error)
            return None
        if self.supervisor is None or self.bus is None:
            log.error("unhandled exception, the actor stops", actor=str(self), exc_info=error)
            self._call_on_failure(error)
            self._end(f"failed: {error!r}")
            return HALT
        self.bus.dead_letter(envelope.message, "handler_failed", to=self.address, sender=envelope.sender)
        return self._supervise(error)

    def _supervise(self, error: BaseException) -> object:
        assert self.bus is not None
        assert self.supervisor is not None
        decision = self.supervisor.failed(self.now())
        log.error(
            "handler failed", actor=str(self), decision=decision.directive.value, delay=decision.delay, exc_info=error
        )
        self.bus.publish(ActorFailed(str(self), error, decision.directive.value))
        match decision.directive:
            case Directive.RESUME:
                return None
            case Directive.RESTART:
                self._move(State.BACKING_OFF)
                self._call_on_failure(error)
                self._let_go()
                self.call_later(decision.delay, self._rebuild)
            case Directive.STOP:
                self._call_on_failure(error)
                self._let_go()
                self._end(f"failed: {error!r}")
            case Directive.ESCALATE:
                self._call_on_failure(error)
                self._let_go()
                self._end(f"failed: {error!r}")
                if self.parent is not None:
                    self.parent.child_failed(error)
                else:
                    self.bus.escalated(str(self), error)
        return HALT

    def child_failed(self, error: BaseException) -> None:
        """A child handed its failure on: it is this actor's own now. From any thread."""
        self.post(lambda: self._supervise(error) if self.state is State.RUNNING else None)

    def _call_on_failure(self, error: BaseException) -> None:
        assert self.actor is not None
        try:
            self.actor.on_failure(type(error), error, error.__traceback__)
        except Exception:
            log.exception("on_failure failed", actor=str(self))

    def _let_go(self) -> None:
        """What belongs to the incarnation that failed or stops ends with it."""
        if self.timers is not None:
            self.timers.cancel_all()
        for child in tuple(self.children):
            child.kill(f"its parent {self} failed or stopped")
        self.take_up()

    def _rebuild(self) -> None:
        if self.state is not State.BACKING_OFF:
            return
        assert self.factory is not None
        self._move(State.STARTING)
        try:
            self.build()
        except Exception as error:  # noqa: BLE001  # a factory is user code
            self._supervise(error)
            return
        assert self.actor is not None
        self._hook(self.actor.on_start, self._rebuilt)

    def _rebuilt(self, error: BaseException | None) -> None:
        assert self.bus is not None
        assert self.supervisor is not None
        if error is not None:
            self._supervise(error)
            return
        self._move(State.RUNNING)
        self.bus.publish(ActorRestarted(str(self), self.supervisor.restarts))
        self.drain()

    # Life.

    def claim(self, actor: Actor) -> Cell:
        """The actor is being rebuilt for this cell."""
        return self

    def build(self) -> None:
        """Make the actor anew by its factory; its `__init__` finds this cell."""
        assert self.factory is not None
        token = BUILDING.set(self)
        try:
            actor = self.factory()
        finally:
            BUILDING.reset(token)
        if getattr(actor, "_cell", None) is not self:
            raise PeerbusError(
                f"{type(actor).__name__} was not built as {self}: its factory must make exactly one new actor, "
                "and the actor's __init__ must call super().__init__()"
            )
        self.actor = actor
        if self.ref is not None:
            self.ref.rebind(actor)

    def begin(self) -> None:
        """Run `on_start`, then take messages."""
        if self.state is not State.NEW:
            return
        self._move(State.STARTING)
        assert self.actor is not None
        self._hook(self.actor.on_start, self._begun)

    def _begun(self, error: BaseException | None) -> None:
        if self.state is not State.STARTING:
            return
        if error is not None:
            log.error("on_start failed, the actor stops", actor=str(self), exc_info=error)
            self._let_go()
            self._end(f"on_start failed: {error!r}")
            if self.bus is not None:
                self.bus.begun(self, error)
            return
        self._move(State.RUNNING)
        if self.bus is not None:
            self.bus.begun(self, None)
            self.bus.publish(ActorStarted(str(self)))
        self.drain()

    def stop(self, reason: str) -> None:
        """End in order: children first, then `on_stop`. In the actor's turn."""
        if self.state in (State.STOPPING, State.STOPPED):
            return
        self._move(State.STOPPING)
        self.reason = reason
        if self.timers is not None:
            self.timers.cancel_all()
        if self.children:
            for child in tuple(self.children):
                child.request_stop()
        else:
            self._run_on_stop()

    def request_stop(self) -> None:
        """Ask for the end, behind what is queued already. From any thread."""
        self.mailbox.put_foreign(Envelope(_ActorStop()))

    def kill(self, reason: str) -> None:
        """End without handling what is queued, and cancel what awaits. From any thread."""
        self.post(lambda: self.end_now(reason))

    def end_now(self, reason: str) -> None:
        """The kill itself, in the actor's turn."""
        if self.state is State.NEW:
            self._end(reason)
        elif self.state is not State.STARTING:
            self.stop(reason)

    def child_gone(self, child: Cell) -> None:
        """A child has ended. From any thread."""
        self.post(lambda: self._child_gone(child))

    def _child_gone(self, child: Cell) -> None:
        self.children.pop(child, None)
        if self.state is State.STOPPING and not self.children and not self.stopped.is_set():
            self._run_on_stop()

    def _run_on_stop(self) -> None:
        assert self.actor is not None
        assert self.ref is not None
        pykka.ActorRegistry.unregister(self.ref)
        self.stopped.set()
        self._hook(self.actor.on_stop, self._on_stop_done)

    def _on_stop_done(self, error: BaseException | None) -> None:
        if error is not None:
            log.error("on_stop failed", actor=str(self), exc_info=error)
        self._end(self.reason)

    def _end(self, reason: str) -> None:
        """The last step: refuse what is left, tell whoever waits or watches."""
        if self.state is State.STOPPED:
            return
        self._move(State.STOPPED)
        self.reason = reason
        assert self.ref is not None
        pykka.ActorRegistry.unregister(self.ref)
        self.stopped.set()
        for envelope in self.mailbox.close(f"{self} has stopped"):
            self._refuse_left(envelope)
        self.mailbox.refuse_late()
        for envelope in self._stop_replies:
            if envelope.reply is not None:
                envelope.reply.succeed(None)
        watchers, self.watchers = self.watchers, None
        for watcher in watchers or ():
            watcher.mailbox.put_system(Envelope(Terminated(self.address or Address(LOCAL, str(self)), reason)))
        if self.parent is not None:
            self.parent.child_gone(self)
        if self.bus is not None:
            self.bus.ended(self)
            self.bus.publish(ActorTerminated(str(self), reason))
        for action in self._on_ended:
            action()
        self._on_ended.clear()

    def _refuse_left(self, envelope: Envelope) -> None:
        if isinstance(envelope.message, _ActorStop):
            if envelope.reply is not None:
                envelope.reply.succeed(None)
            return
        error = ActorStopped(f"{self} stopped before handling the message", message=envelope.message)
        if envelope.reply is not None:
            envelope.reply.fail(error)
        self.mailbox.drop(envelope, error)

    def on_ended(self, action: Callable[[], object]) -> None:
        """Call `action` when the cell has ended; at once if it has."""
        if self.state is State.STOPPED:
            action()
        else:
            self._on_ended.append(action)

    def watch(self, watcher: Cell) -> None:
        """Send `watcher` a Terminated when this cell ends; at once if it has."""
        if self.state is State.STOPPED:
            watcher.mailbox.put_system(Envelope(Terminated(self.address or Address(LOCAL, str(self)), self.reason)))
            return
        if self.watchers is None:
            self.watchers = {}
        self.watchers[watcher] = None

    def unwatch(self, watcher: Cell) -> None:
        """Forget the watch."""
        if self.watchers is not None:
            self.watchers.pop(watcher, None)

    def _hook(self, hook: Callable[[], object], then: Callable[[BaseException | None], object]) -> None:
        try:
            result = hook()
        except Exception as error:  # noqa: BLE001  # hooks are user code
            then(error)
            return
        if result is not None and inspect.isawaitable(result):
            self.run_hook(result, then)
        else:
            then(None)

    def _move(self, state: State) -> None:
        if state not in TRANSITIONS[self.state]:
            raise PeerbusError(f"{self} cannot go from {self.state.value} to {state.value}")
        self.state = state

    def __repr__(self) -> str:
        return f"<Cell {self} {self.state.value}>"

    def __str__(self) -> str:
        return self.name or f"{self.actor_class.__name__} ({self.urn})"
