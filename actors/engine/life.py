"""The life of an actor: start, failures, restarts, children, watchers, end. One cell lives through all of it.

State machine: see state.py. Laws:
1. Whatever changes the state runs in the actor's own turn; other threads `post` it.
2. A cell ends, or rebuilds its actor, only when its children have ended and no handler runs any more.
3. `on_stop` runs once, and not for an actor that failed: that one has heard `on_failure`.
4. Whatever a handler, a hook, a constructor or a task of the actor raises, of whatever class, is a failure of the
   actor, and never of what runs it. SystemExit and KeyboardInterrupt stop the bus as well, in order.
5. All of the actor's code runs in the context of whoever spawned it, or in copies of that.
6. What has ended leaves nothing to the garbage collector: a cell that ends lets go of all that points back at it. Its
   ref and its actor keep it; it keeps neither.
"""

# So long because each step of the life depends on what the others wait for.

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, Protocol

import pykka
from pykka.messages import _ActorStop

from ..base import (
    ENDED,
    ActorStopped,
    ConfigError,
    PeerbusError,
    SendError,
    StopFlag,
    TransportError,
    for_future,
    get_logger,
    shown,
    weakly,
)
from ..mailbox import Envelope, ReplyTo
from ..messages import (
    LOCAL,
    ActorFailed,
    ActorRestarted,
    ActorStarted,
    ActorTerminated,
    Address,
    Directive,
    Supervisor,
    Terminated,
)
from ..sends import Producer
from .actor_tasks import ActorTasks
from .building import BUILDING
from .state import TRANSITIONS, State

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from ..mailbox import Mailbox
    from .behaviour import Behaviour
    from .ending import EndsBus
    from .handler_table import Handler

__all__ = ["EXITS", "HALT", "Life"]

log = get_logger("peerbus.actors")
#: Without a bus an actor is one of Pykka's, and says what Pykka says: programs and handlers written for it look for it.
UNHANDLED = "Unhandled exception in %(actor)s:"
as_pykka = get_logger(
    "peerbus.actors",
    {
        "exception returned to the caller": "Exception returned from %(actor)s to caller:",
        "unhandled exception, the actor stops": UNHANDLED,
        "on_start failed, the actor stops": UNHANDLED,
        "on_stopping failed": UNHANDLED,
        "on_stop failed": UNHANDLED,
        "on_failure failed": UNHANDLED,
        "all actors stop": "%(error)s in %(actor)s. Stopping all actors.",
        "stopped": "Stopped %(actor)s",
    },
)


#: What ends the program, whoever raises it.
EXITS = (SystemExit, KeyboardInterrupt)
#: What `handle` returns when the cell takes no further message in this turn.
HALT = object()


class OwnTimers(Protocol):
    """The timers of one actor, as far as its life knows them."""

    def begin(self) -> None:
        """The actor begins: so do those that its constructor has set."""

    def cancel_all(self) -> None:
        """The actor ends, or is rebuilt."""


class ToldOfLives(Protocol):
    """Whoever is told how far actors are."""

    def begun(self, cell: Life, error: BaseException | None) -> None:
        """The actor's `on_start` has finished. From the cell's thread."""

    def ended(self, cell: Life) -> None:
        """It has ended. From the cell's thread."""


class LifeHost(Producer, Protocol):
    """What a life needs of the bus that it is on."""

    name: str
    loop: asyncio.AbstractEventLoop

    @property
    def actors(self) -> ToldOfLives:
        """Its actors."""

    @property
    def life(self) -> EndsBus:
        """Its own life."""

    def publish(self, event: object) -> None:
        """Tell a fact to those who listen. From any thread."""


class Life:
    """One actor's life. `Cell` adds what happens with messages; `LoopCell` and `ThreadCell` add who runs it."""

    __slots__ = (
        "__weakref__",
        "_backoff",
        "_farewell",
        "_stop_replies",
        "_task_failure",
        "actor",
        "actor_class",
        "address",
        "bus",
        "children",
        "context",
        "current",
        "factory",
        "handlers",
        "mailbox",
        "name",
        "parent",
        "reason",
        "ref",
        "start_error",
        "stash",
        "state",
        "stopped",
        "supervisor",
        "tasks",
        "timers",
        "urn",
        "watchers",
        "watching",
    )

    mailbox: Mailbox
    #: What the actor handles, or handled last.
    current: Envelope | None

    def __init__(
        self,
        actor_class: type[Behaviour],
        factory: Callable[[], Behaviour] | None,
        bus: LifeHost | None,
        name: str | None,
        parent: Life | None,
        supervisor: Supervisor | None,
        urn: str,
        context: Context | None,
    ) -> None:
        self.actor_class = actor_class
        #: What handles each type of message, looked up when the actor starts.
        self.handlers: dict[type, Handler] = actor_class.__handlers__
        self.factory = factory
        self.bus = bus
        self.name = name
        self.parent = parent
        self.supervisor = supervisor
        self.urn = urn
        #: What the actor's code runs in, as it was where the actor was spawned.
        self.context = copy_context() if context is None else context
        self.address: Address[object] | None = None if name is None else Address(LOCAL, name)
        self.stopped = StopFlag()
        self.state = State.NEW
        self.reason = ""
        #: What `on_start` raised the first time, until somebody is told; then that it did, in words.
        self.start_error: BaseException | None = None
        self.actor: Behaviour | None = None
        self.ref: pykka.ActorRef[Any] | None = None
        self.children: dict[Life, None] | None = None
        #: Whom the bus tells of the end; on the bus's loop thread only.
        self.watchers: dict[Life, None] | None = None
        #: Whose watcher this is; on the bus's loop thread only.
        self.watching: dict[Life, None] | None = None
        self.timers: OwnTimers | None = None
        #: What its handlers have started beside themselves; None while they have not.
        self.tasks: ActorTasks | None = None
        #: The name of the first of these that failed before the actor took its first message, and what it raised.
        self._task_failure: tuple[str, BaseException] | None = None
        self.stash: list[Envelope] | None = None
        self._stop_replies: list[ReplyTo] | None = None
        #: Cancels the timer of a restart; None when its time has come, or there is none.
        self._backoff: Callable[[], object] | None = None
        #: `on_stop` is still to run before the end.
        self._farewell = False

    @property
    def begun(self) -> bool:
        """`on_start` has finished, well or not."""
        return self.state not in (State.NEW, State.STARTING)

    def verdict(self) -> object:
        """HALT where the actor takes no further message for now, else None."""
        return None if self.state is State.RUNNING else HALT

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

    def run_hook(self, awaitable: object, then: Callable[[BaseException | None], object]) -> None:
        """Run an `async def` hook (`on_start`, `on_stop`) to its end, then call `then(error)`."""
        raise NotImplementedError

    def post(self, action: Callable[[], object]) -> None:
        """Run `action` in the actor's turn, in whatever state it is. From any thread."""
        raise NotImplementedError

    def busy(self) -> bool:
        """A handler or a hook still runs beside the caller."""
        raise NotImplementedError

    def interrupt(self) -> None:
        """Cancel the handlers and hooks that await, and wake what waits for messages."""
        raise NotImplementedError

    def leave_behind(self) -> None:
        """The bus stops without it, as its handler never returns: whoever waits for it waits no longer.

        It ends here and now, without `on_stop`. On the bus's loop thread.
        """
        raise NotImplementedError

    def end_behind(self, left: tuple[Envelope | None, ...]) -> None:
        """The rest of `leave_behind`: it ends without the handlers of these messages."""
        for envelope in left:
            if envelope is not None:
                if envelope.reply is not None:
                    envelope.reply.fail(self.left_error(envelope.message))
                else:
                    self.refuse_left(envelope, begun=True)
        self._farewell, self.children = False, None
        if self.state is State.STOPPING:
            self.settle()
        else:
            self._leave("its bus stopped without it", farewell=False, kill=True)

    def leave_children(self) -> None:
        """As `leave_behind`, those of its children that have not ended."""
        for child in tuple(self.children or ()):
            if child.state is not State.STOPPED:
                log.error("the actor does not stop: a handler never returns", actor=str(child), parent=str(self))
                child.leave_behind()

    @property
    def named(self) -> dict[str, str]:
        """The fields of a log line that say which actor it is about."""
        return {"actor": str(self)} if self.bus is None else {"node": self.bus.name, "actor": str(self)}

    @property
    def log(self) -> FilteringBoundLogger:
        """Where it says what Pykka's actors say too."""
        return as_pykka if self.bus is None else log

    # What messages need.

    def drain(self) -> None:
        """Handle what is in the mailbox."""
        raise NotImplementedError

    def take_up(self) -> None:
        """Handle what was stashed, before anything else."""
        raise NotImplementedError

    def refuse_left(self, envelope: Envelope, *, begun: bool = False) -> None:
        """The actor ended, or was rebuilt, before it had handled this message, which it may have begun to."""
        raise NotImplementedError

    # Begin.

    def claim(self, actor: Behaviour) -> Life:
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
            self.ref._actor_weakref = weakref.ref(actor)  # proxies made from now on look at the new one

    def begin(self) -> None:
        """Run `on_start` and `on_started`, then take messages."""
        if self.state is not State.NEW:
            return
        self._move(State.STARTING)
        if self.timers is not None:
            self.timers.begin()
        assert self.actor is not None
        self.handlers = self.actor_class.__table__.of(self.actor)
        self._hooks(self.actor.starting_hooks(), self._begun)

    def _begun(self, error: BaseException | None) -> None:
        if self.state is not State.STARTING:
            self.settle()
        elif error is not None:
            if isinstance(error, ConfigError | TransportError):  # for the operator: a traceback would hide it
                self.log.error("on_start failed, the actor stops", **self.named, error=str(error))
            else:
                self.log.error("on_start failed, the actor stops", **self.named, exc_info=error)
            if self.bus is not None:
                self.start_error = for_future(error)
                self.bus.actors.begun(self, self.start_error)
            self.exits(error)
            self._leave(f"on_start failed: {shown(error)}", farewell=False, kill=True)
        else:
            self._move(State.RUNNING)
            if self.bus is not None:
                self.bus.actors.begun(self, None)
                self.bus.publish(ActorStarted(str(self)))
            self._take_messages()

    def _take_messages(self) -> None:
        failure, self._task_failure = self._task_failure, None
        if failure is None or self.supervise(failure[1], task=failure[0]) is not HALT:
            self.drain()

    def take_start_error(self) -> BaseException:
        """What `on_start` raised. For the first who asks: kept, it would keep its frames, and these the actor."""
        error = self.start_error
        assert error is not None
        text = str(error) if isinstance(error, ActorStopped) else f"{self} did not start: {shown(error)}"
        self.start_error = ActorStopped(text)
        return error

    # Failures.

    def supervise(self, error: BaseException, *, of: object = None, heard: bool = True, task: str = "") -> object:
        """Do what the supervision says about a failure of the actor. Returns HALT or None, as `handle`.

        `of`: the message whose handler failed; `task`: the name of the actor's task that failed, where it was no
        handler. `heard`: the actor that failed gets `on_failure`; not one that could not be built or started.
        """
        assert self.bus is not None
        assert self.supervisor is not None
        self.exits(error)
        decision = self.supervisor.failed(self.now())
        said = {**self.named, "decision": decision.directive.value, "delay": decision.delay}
        if task:
            log.error("a task failed", **said, task=task, exc_info=error)
        else:
            what = {} if of is None else {"message": type(of).__name__}
            log.error("handler failed", **said, **what, exc_info=error)
        self.bus.publish(ActorFailed(str(self), error, decision.directive.value))
        directive = decision.directive
        if directive is Directive.RESUME:
            if heard:
                return None
            directive = Directive.STOP  # there is no actor that could go on
        if directive is Directive.RESTART:
            self._move(State.BACKING_OFF)
            if heard:
                self.call_on_failure(error)
            self._let_go()
            if self.mailbox.only_stop_left:
                self._leave(f"failed: {shown(error)}", farewell=False, kill=True)
            else:
                self._backoff = self.call_later(decision.delay, self._backed_off)
            return HALT
        if heard:
            self.call_on_failure(error)
        self._leave(f"failed: {shown(error)}", farewell=False, kill=True)
        if directive is Directive.ESCALATE:
            if self.parent is not None:
                self.parent.child_failed(self, error)
            else:
                self.bus.life.escalated(str(self), error)
        return HALT

    def child_failed(self, child: Life, error: BaseException) -> None:
        """A child handed its failure on: it is this actor's own now. From any thread."""

        def fail() -> None:
            # Where the parent was rebuilt meanwhile, the child belonged to the one before.
            if self.state is State.RUNNING:
                self.supervise(error)

        self.post(fail)

    def task_failed(self, name: str, error: BaseException) -> None:
        """A task that a handler started has failed, and so has the actor. On the loop's thread."""
        if self.state is State.RUNNING:
            self.supervise(error, task=name)
            return
        log.error("a task failed", **self.named, task=name, state=self.state.value, exc_info=error)
        if self.state is State.STARTING and self._task_failure is None:
            self._task_failure = name, error

    def exits(self, error: BaseException) -> None:
        """Stop the bus where what the actor raised is to end the program. From any thread.

        Without a bus all actors stop that have none, as in Pykka.
        """
        if not isinstance(error, EXITS):
            return
        if self.bus is not None:
            self.bus.life.exit(str(self), error)
        else:
            self.end_everyone(error)

    def ends_everyone(self, error: BaseException, *, asked: bool) -> bool:
        """What the handler of an actor without a bus raised ends all such actors.

        As in Pykka, but for a handler that was cancelled, and for one that was `asked`: there is somebody to tell.
        """
        if asked or isinstance(error, Exception | asyncio.CancelledError):
            return isinstance(error, EXITS)
        return True

    def end_everyone(self, error: BaseException) -> None:
        """Stop all other actors that run without a bus. From any thread."""
        self.log.debug("all actors stop", **self.named, error=repr(error))
        log.critical("all actors stop that run without a bus", **self.named, exc_info=error)
        for ref in pykka.ActorRegistry.get_all():
            cell = getattr(ref, "_cell", None)
            if cell is not self and (cell is None or cell.bus is None):
                ref.stop(block=False)

    def log_raised(self, error: BaseException, message: object, *, expected: bool) -> None:
        """A handler raised what its asker is told."""
        if expected:
            self.log.info("exception returned to the caller", **self.named, error=shown(error), exc_info=error)
        else:
            name = type(message).__name__
            log.warning(
                "handler failed, the asker is told", **self.named, message=name, error=shown(error), exc_info=error
            )

    def call_on_failure(self, error: BaseException) -> None:
        """Tell the actor that it failed."""
        assert self.actor is not None
        try:
            self.actor.on_failure(type(error), error, error.__traceback__)
        except BaseException as raised:  # user code
            self.log.error("on_failure failed", **self.named, exc_info=raised)
            self.exits(raised)

    def _let_go(self) -> None:
        # What belongs to the incarnation that failed ends with it.
        self._end_owned()
        for child in tuple(self.children or ()):
            child.kill(f"its parent {self} failed or stopped")
        self.interrupt()
        self.take_up()

    def _end_owned(self) -> None:
        self._task_failure = None
        if self.timers is not None:
            self.timers.cancel_all()
        if self.tasks is not None:
            self.tasks.cancel_all()

    def _backed_off(self) -> None:
        self._backoff = None
        self.settle()

    def _rebuild(self) -> None:
        self._move(State.STARTING)
        try:
            self.build()
        except BaseException as error:  # noqa: BLE001  # a factory is user code
            self.supervise(error, heard=False)
            return
        assert self.actor is not None
        self.handlers = self.actor_class.__table__.of(self.actor)
        self._hooks(self.actor.starting_hooks(), self._rebuilt)

    def _rebuilt(self, error: BaseException | None) -> None:
        assert self.bus is not None
        assert self.supervisor is not None
        if self.state is not State.STARTING:
            self.settle()
        elif error is not None:
            self.supervise(error, heard=False)
        else:
            self._move(State.RUNNING)
            self.bus.publish(ActorRestarted(str(self), self.supervisor.restarts))
            self._take_messages()

    # End.

    def request_stop(self, reply: ReplyTo | None = None) -> None:
        """Ask for the end, behind what is queued already. From any thread."""
        self.mailbox.put_foreign(Envelope(_ActorStop(), None, reply))
        if self.state is State.BACKING_OFF:
            self.post(self._stop_if_idle)

    def _stop_if_idle(self) -> None:
        if self.state is State.BACKING_OFF and self.mailbox.only_stop_left:
            self._leave("stopped", farewell=False, kill=False)

    def stop(self, reason: str) -> None:
        """End in order: children first, then `on_stop`. In the actor's turn."""
        self._leave(reason, farewell=True, kill=False)

    def kill(self, reason: str) -> None:
        """End without handling what is queued, and cancel what awaits. From any thread."""
        self.post(lambda: self.end_now(reason))

    def end_now(self, reason: str) -> None:
        """The kill itself, in the actor's turn."""
        self._leave(reason, farewell=self.state is State.RUNNING, kill=True)

    def _leave(self, reason: str, *, farewell: bool, kill: bool) -> None:
        if self.state is State.STOPPED:
            return
        if self.state is not State.STOPPING:
            first = self.supervisor is None or not self.supervisor.restarts
            if not self.begun and first and self.start_error is None:
                self.start_error = ActorStopped(f"{self} stopped before it had started: {reason}")
            self._move(State.STOPPING)
            self.reason = reason
            self._farewell = farewell
            self.mailbox.shut(f"{self} is stopping")
            if self._backoff is not None:
                self._backoff()
                self._backoff = None
            self._end_owned()
            for child in () if kill else tuple(self.children or ()):
                child.request_stop()
        if kill:
            for child in tuple(self.children or ()):
                child.kill(f"its parent {self} failed or stopped")
            self.interrupt()
        self.settle()

    def child_gone(self, child: Life) -> None:
        """A child has ended. From any thread."""
        self.post(lambda: self._child_gone(child))

    def _child_gone(self, child: Life) -> None:
        if self.children is not None:
            self.children.pop(child, None)
        self.settle()

    def settle(self) -> None:
        """Go on with an end or a restart that waited for children and handlers."""
        if self.children or self.tasks or self.busy():
            return
        if self.state is State.BACKING_OFF:
            if self._backoff is None:
                self._rebuild()
        elif self.state is State.STOPPING:
            if self._farewell:
                self._farewell = False
                self._run_on_stop()
            else:
                self._end()

    def _run_on_stop(self) -> None:
        assert self.actor is not None
        self.mark_stopped()
        self._hooks(self.actor.stopping_hooks(), self._on_stop_done)

    def _on_stop_done(self, error: BaseException | None) -> None:
        if isinstance(error, asyncio.CancelledError):
            log.warning("on_stop was cut short", **self.named)
        elif error is not None:
            self.log.error("on_stop failed", **self.named, exc_info=error)
            self.exits(error)
        self._end()

    def mark_stopped(self) -> None:
        """The ref is dead from now on, and Pykka's registry forgets it."""
        if not self.stopped.is_set():
            assert self.ref is not None
            self.stopped.set()
            if self.actor_class.__registered__:
                pykka.ActorRegistry.unregister(self.ref)

    def _end(self) -> None:
        # The last step: refuse what is left, tell whoever waits.
        if self.state is State.STOPPED:
            return
        self._move(State.STOPPED)
        self.mark_stopped()
        if self.bus is None:
            self.log.debug("stopped", **self.named)
        left = self.mailbox.close(f"{self} has stopped")
        for envelope in left:
            self.refuse_left(envelope)
        stash, self.stash = self.stash, None
        for envelope in (*(stash or ()), *self.mailbox.take_system()):
            self.refuse_left(envelope, begun=True)
        self.mailbox.refuse_late()
        if self.bus is not None:
            self.bus.actors.ended(self)  # first of all: the name must be free when others hear of the end
            self.bus.publish(ActorTerminated(str(self), self.reason))
        if self.parent is not None:
            self.parent.child_gone(self)
        replies, self._stop_replies = self._stop_replies, None
        for reply in replies or ():
            reply.succeed(None)
        self.let_go()

    def let_go(self) -> None:
        """It has ended, or will never begin: keep nothing that points back at it. What comes late is still refused."""
        self.actor = self.ref = self.factory = self.timers = self.tasks = None
        self.current = None  # the garbage collector does not look into a message
        mailbox = self.mailbox
        # Whatever looks for the owner's thread must not take another with the same identifier for it, later.
        mailbox.owner = ENDED
        mailbox.on_drop = weakly(mailbox.on_drop)
        mailbox.wake = weakly(mailbox.wake)
        mailbox.wake_threadsafe = weakly(mailbox.wake_threadsafe)

    # Watchers, on the bus's loop thread.

    def watch(self, watcher: Life) -> None:
        """Send `watcher` a Terminated when this cell ends. On the bus's loop thread, while the bus knows the cell."""
        if self.watchers is None:
            self.watchers = {}
        self.watchers[watcher] = None

    def unwatch(self, watcher: Life) -> None:
        """Forget the watch."""
        if self.watchers is not None:
            self.watchers.pop(watcher, None)

    def tell_watchers(self) -> None:
        """The cell has ended: whoever watches hears of it."""
        watchers, self.watchers = self.watchers, None
        for watcher in watchers or ():
            if watcher.watching is not None:
                watcher.watching.pop(self, None)
            watcher.terminated(self)

    def terminated(self, watched: Life) -> None:
        """What this cell watches has ended. From any thread."""
        where = watched.address or Address(LOCAL, str(watched))
        self.mailbox.put_system(Envelope(Terminated(where, watched.reason)))

    # Inside.

    def _hooks(self, hooks: tuple[Callable[[], object], ...], then: Callable[[BaseException | None], object]) -> None:
        # One after the other, as long as the actor is where it was when they began: a start that is cut short begins
        # no hook more. At the start the first that fails is the last; at the end each may clean up.
        first, rest = hooks[0], hooks[1:]
        if not rest:
            self._hook(first, then)
            return
        began_in = self.state

        def go_on(error: BaseException | None) -> None:
            if self.state is not began_in or (error is not None and began_in is State.STARTING):
                then(error)
                return
            if isinstance(error, asyncio.CancelledError):
                log.warning("on_stopping was cut short", **self.named)
            elif error is not None:
                self.log.error("on_stopping failed", **self.named, exc_info=error)
                self.exits(error)
            self._hooks(rest, then)

        self._hook(first, go_on)

    def _hook(self, hook: Callable[[], object], then: Callable[[BaseException | None], object]) -> None:
        try:
            result = hook()
        except BaseException as error:  # noqa: BLE001  # user code
            then(error)
            return
        if result is not None and hasattr(result, "__await__"):
            self.run_hook(result, then)
        else:
            then(None)

    def _move(self, state: State) -> None:
        if state not in TRANSITIONS[self.state]:
            raise PeerbusError(f"{self} cannot go from {self.state.value} to {state.value}")
        self.state = state

    def dead_error(self, ref: object, message: object) -> SendError:
        """Why a ref of an actor that has stopped sends nothing."""
        lost = self.lost()
        return ActorStopped(f"{ref} not found" if lost is None else f"{ref} not found: {lost}", message=message)

    def blocks(self, thread: int) -> bool:
        """A wait on that thread for this actor would never end, or would stop an event loop."""
        return thread == self.mailbox.owner or (self.bus is not None and self.bus.blocks(thread))

    def brings_on(self, thread: int) -> bool:
        """Its answers come from that thread."""
        return thread == self.mailbox.owner

    def lost(self) -> SendError | None:
        """Why what the actor has not answered is never answered, where it or its bus ended without a word; or None."""
        return None if self.bus is None else self.bus.lost()

    def left_error(self, message: object) -> ActorStopped:
        """Why a message is not answered whose handler never returns."""
        return ActorStopped(f"{self} did not come to an end before its bus stopped", message=message)

    def stopped_error(self, message: object) -> ActorStopped:
        """Why a message that was in the mailbox is not handled."""
        return ActorStopped(f"{self} stopped before handling the message", message=message)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self} {self.state.value}>"

    def __str__(self) -> str:
        return self.name or f"{self.actor_class.__name__} ({self.urn})"
