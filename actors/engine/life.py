"""The life of an actor: start, restarts, children, watchers, end. One cell lives through all of it.

The steps are in state.py; `DOES`, at the end of this file, says what each of them does. Laws:
1. Whatever changes the state runs in the actor's own turn; other threads `post` it.
2. A cell ends, or rebuilds its actor, only when its children have ended and no handler runs any more.
3. `on_stop` runs once, and not for an actor that failed: that one has heard `on_failure`.
4. All of the actor's code runs in the context of whoever spawned it, or in copies of that.
5. What has ended leaves nothing to the garbage collector: a cell that ends lets go of all that points back at it. Its
   ref and its actor keep it; it keeps neither.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Protocol

from pykka.messages import _ActorStop

from ..base import (
    ENDED,
    ActorStopped,
    ConfigError,
    PeerbusError,
    StopFlag,
    TransportError,
    for_future,
    shown,
    weakly,
)
from ..mailbox import Envelope, ReplyTo
from ..messages import LOCAL, ActorRestarted, ActorStarted, ActorTerminated, Address, Supervisor, Terminated
from .actor_tasks import ActorTasks
from .behaviour import Behaviour
from .building import BUILDING
from .ending import EndsBus
from .hooks import run_hooks
from .named_actor import Home, NamedActor, log
from .state import STEPS, State, Step

if TYPE_CHECKING:
    from .handler_table import Handler

__all__ = ["DOES", "HALT", "Life"]


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


class LifeHost(Home, Protocol):
    """What a life needs of the bus that it is on."""

    loop: asyncio.AbstractEventLoop

    @property
    def actors(self) -> ToldOfLives:
        """Its actors."""

    @property
    def life(self) -> EndsBus:
        """Its own life."""

    def publish(self, event: object) -> None:
        """Tell a fact to those who listen. From any thread."""


class Life(NamedActor):
    """One actor's life. `Supervised` adds what becomes of its failures, `Addressee` the sends, `Cell` the messages.

    `LoopCell` and `ThreadCell` add who runs it.
    """

    __slots__ = (
        "__weakref__",
        "_backoff",
        "_farewell",
        "_stop_replies",
        "_task_failure",
        "actor",
        "children",
        "context",
        "current",
        "factory",
        "handlers",
        "parent",
        "reason",
        "start_error",
        "stash",
        "supervisor",
        "tasks",
        "timers",
        "watchers",
        "watching",
    )

    bus: LifeHost | None
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
        self.address = None if name is None else Address(LOCAL, name)
        self.stopped = StopFlag()
        self.state = State.NEW
        self.reason = ""
        #: What `on_start` raised the first time, until somebody is told; then that it did, in words.
        self.start_error: BaseException | None = None
        self.actor: Behaviour | None = None
        self.ref = None
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
    def stops_in_order(self) -> bool:
        """It is about to run `on_stop`: what was sent before the stop is still handled."""
        return self.state is State.STOPPING and self._farewell

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
            self.leave("its bus stopped without it", farewell=False, kill=True)

    def leave_children(self) -> None:
        """As `leave_behind`, those of its children that have not ended."""
        for child in tuple(self.children or ()):
            if child.state is not State.STOPPED:
                log.error("the actor does not stop: a handler never returns", actor=str(child), parent=str(self))
                child.leave_behind()

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
        if self.state is State.NEW:
            self._take(Step.BEGIN)

    def _begin_timers(self) -> None:
        if self.timers is not None:
            self.timers.begin()

    def _call_start(self) -> None:
        assert self.actor is not None
        self.handlers = self.actor_class.__table__.of(self.actor)
        run_hooks(self, self.actor.starting_hooks(), self._begun)

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
            self.leave(f"on_start failed: {shown(error)}", farewell=False, kill=True)
        else:
            self._take(Step.START)

    def _say_started(self) -> None:
        if self.bus is not None:
            self.bus.actors.begun(self, None)
            self.bus.publish(ActorStarted(str(self)))

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

    # Failures and restarts.

    def supervise(self, error: BaseException, *, of: object = None, heard: bool = True, task: str = "") -> object:
        """Do what the supervision says about a failure of the actor. Returns HALT or None, as `handle`.

        `of`: the message whose handler failed; `task`: the name of the actor's task that failed, where it was no
        handler. `heard`: the actor that failed gets `on_failure`; not one that could not be built or started.
        """
        raise NotImplementedError

    def exits(self, error: BaseException) -> None:
        """Stop the bus where what the actor raised is to end the program. From any thread."""
        raise NotImplementedError

    def back_off(self, delay: float, why: str) -> None:
        """It has failed: make it anew in `delay` seconds, when its children and handlers have ended."""
        self._take(Step.FAIL)
        if self.mailbox.only_stop_left:
            self.leave(why, farewell=False, kill=True)
        else:
            self._backoff = self.call_later(delay, self._backed_off)

    def _backed_off(self) -> None:
        self._backoff = None
        self.settle()

    def _rebuild(self) -> None:
        try:
            self.build()
        except BaseException as error:  # noqa: BLE001  # a factory is user code
            self.supervise(error, heard=False)
            return
        assert self.actor is not None
        self.handlers = self.actor_class.__table__.of(self.actor)
        run_hooks(self, self.actor.starting_hooks(), self._rebuilt)

    def _rebuilt(self, error: BaseException | None) -> None:
        if self.state is not State.STARTING:
            self.settle()
        elif error is not None:
            self.supervise(error, heard=False)
        else:
            self._take(Step.RESTART)

    def _say_restarted(self) -> None:
        assert self.bus is not None
        assert self.supervisor is not None
        self.bus.publish(ActorRestarted(str(self), self.supervisor.restarts))

    # End.

    def request_stop(self, reply: ReplyTo | None = None) -> None:
        """Ask for the end, behind what is queued already. From any thread."""
        self.mailbox.put_foreign(Envelope(_ActorStop(), None, reply))
        if self.state is State.BACKING_OFF:
            self.post(self._stop_if_idle)

    def _stop_if_idle(self) -> None:
        if self.state is State.BACKING_OFF and self.mailbox.only_stop_left:
            self.leave("stopped", farewell=False, kill=False)

    def stop(self, reason: str) -> None:
        """End in order: children first, then `on_stop`. In the actor's turn."""
        self.leave(reason, farewell=True, kill=False)

    def kill(self, reason: str) -> None:
        """End without handling what is queued, and cancel what awaits. From any thread."""
        self.post(lambda: self.end_now(reason))

    def end_now(self, reason: str) -> None:
        """The kill itself, in the actor's turn."""
        self.leave(reason, farewell=self.state is State.RUNNING, kill=True)

    def leave(self, reason: str, *, farewell: bool, kill: bool) -> None:
        """Begin to end. `farewell`: `on_stop` is to run. `kill`: without what is queued, and without a wait."""
        if self.state is State.STOPPED:
            return
        if self.state is State.STOPPING:
            if kill:
                self._take(Step.HASTEN)
        else:
            first = self.supervisor is None or not self.supervisor.restarts
            if not self.begun and first and self.start_error is None:
                self.start_error = ActorStopped(f"{self} stopped before it had started: {reason}")
            self.reason = reason
            self._farewell = farewell
            self._take(Step.KILL if kill else Step.STOP)
        self.settle()

    def _shut(self) -> None:
        self.mailbox.shut(f"{self} is stopping")

    def _cancel_backoff(self) -> None:
        if self._backoff is not None:
            self._backoff()
            self._backoff = None

    def _end_owned(self) -> None:
        self._task_failure = None
        if self.timers is not None:
            self.timers.cancel_all()
        if self.tasks is not None:
            self.tasks.cancel_all()

    def _stop_children(self) -> None:
        for child in tuple(self.children or ()):
            child.request_stop()

    def _kill_children(self) -> None:
        for child in tuple(self.children or ()):
            child.kill(f"its parent {self} failed or stopped")

    def _interrupt(self) -> None:
        self.interrupt()

    def _take_up(self) -> None:
        self.take_up()

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
                self._take(Step.REBUILD)
        elif self.state is State.STOPPING:
            if self._farewell:
                self._farewell = False
                self._run_on_stop()
            else:
                self._end()

    def _run_on_stop(self) -> None:
        assert self.actor is not None
        self.mark_stopped()
        run_hooks(self, self.actor.stopping_hooks(), self._on_stop_done)

    def _on_stop_done(self, error: BaseException | None) -> None:
        if isinstance(error, asyncio.CancelledError):
            log.warning("on_stop was cut short", **self.named)
        elif error is not None:
            self.log.error("on_stop failed", **self.named, exc_info=error)
            self.exits(error)
        self._end()

    def _end(self) -> None:
        if self.state is not State.STOPPED:
            self._take(Step.END)

    def _say_stopped(self) -> None:
        self.mark_stopped()
        if self.bus is None:
            self.log.debug("stopped", **self.named)

    def _refuse_all_left(self) -> None:
        left = self.mailbox.close(f"{self} has stopped")
        for envelope in left:
            self.refuse_left(envelope)
        stash, self.stash = self.stash, None
        for envelope in (*(stash or ()), *self.mailbox.take_system()):
            self.refuse_left(envelope, begun=True)
        self.mailbox.refuse_late()

    def _tell_others(self) -> None:
        if self.bus is not None:
            self.bus.actors.ended(self)  # first of all: the name must be free when others hear of the end
            self.bus.publish(ActorTerminated(str(self), self.reason))
        if self.parent is not None:
            self.parent.child_gone(self)
        replies, self._stop_replies = self._stop_replies, None
        for reply in replies or ():
            reply.succeed(None)

    def _let_go(self) -> None:
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

    def _take(self, step: Step) -> None:
        """The one door between states."""
        after = STEPS[self.state].get(step)
        if after is None:
            raise PeerbusError(f"{self} cannot {step.value}: it is {self.state.value}")
        self.state = after
        for act in DOES[step]:
            act(self)


#: What each step does, in this order, once the state is the next.
DOES: dict[Step, tuple[Callable[[Life], None], ...]] = {
    Step.BEGIN: (Life._begin_timers, Life._call_start),
    Step.START: (Life._say_started, Life._take_messages),
    Step.RESTART: (Life._say_restarted, Life._take_messages),
    Step.FAIL: (Life._end_owned, Life._kill_children, Life._interrupt, Life._take_up),
    Step.REBUILD: (Life._rebuild,),
    Step.STOP: (Life._shut, Life._cancel_backoff, Life._end_owned, Life._stop_children),
    Step.KILL: (Life._shut, Life._cancel_backoff, Life._end_owned, Life._kill_children, Life._interrupt),
    Step.HASTEN: (Life._kill_children, Life._interrupt),
    Step.END: (Life._say_stopped, Life._refuse_all_left, Life._tell_others, Life._let_go),
}
