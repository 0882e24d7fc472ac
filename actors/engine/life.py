"""The life of an actor: start, restarts, and by `LifeEnd` its end. One cell lives through all of it.

The steps are in state.py; `DOES`, at the end of this file, says what each of them does. Laws:
1. Whatever changes the state runs in the actor's own turn; other threads `post` it.
2. An actor is made anew only when its children have ended and no handler runs any more.
3. All of the actor's code runs in the context of whoever spawned it, or in copies of that.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Protocol

from ..base import (
    ActorStopped,
    ConfigError,
    PeerbusError,
    StopFlag,
    TransportError,
    for_future,
    shown,
)
from ..messages import LOCAL, ActorRestarted, ActorStarted, ActorTerminated, Address
from .behaviour import Behaviour
from .building import build_for
from .ending import EndsBus
from .hooks import hear_failure, run_hooks
from .life_end import HALT, LifeEnd
from .named_actor import Home
from .state import STEPS, State, Step
from .supervisor import Supervisor

if TYPE_CHECKING:
    from .handler_table import Handler

__all__ = ["DOES", "Life", "LifeHost", "ToldOfLives"]


class ToldOfLives(Protocol):
    """Whoever is told how far actors are."""

    def begun(self, cell: Life, error: BaseException | None) -> bool:
        """The actor's `on_start` has finished. From the cell's thread."""

    def ended(self, cell: Life) -> None:
        """It has ended. From the cell's thread."""

    def restarted(self, cell: Life) -> None:
        """Its actor was made anew. From the cell's thread."""


class LifeHost(Home, Protocol):
    """What a life needs of the bus that it is on."""

    loop: asyncio.AbstractEventLoop
    #: It takes no new work.
    closing: bool

    @property
    def actors(self) -> ToldOfLives:
        """Its actors."""

    @property
    def life(self) -> EndsBus:
        """Its own life."""

    def publish(self, event: object) -> None:
        """Tell a fact to those who listen. From any thread."""


class Life(LifeEnd):
    """One actor's life. `Supervised` adds what becomes of its failures, `Addressee` the sends, `Cell` the messages.

    `LoopCell` and `ThreadCell` add who runs it.
    """

    __slots__ = ("__weakref__", "_unheard", "context", "handlers")

    bus: LifeHost | None

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
        #: What the actor's code runs in, as it was where the actor was spawned.
        self.context = copy_context() if context is None else context
        self.factory = factory
        self.bus = bus
        self.name = name
        self.parent = parent
        self.supervisor = supervisor
        self.urn = urn
        self.address = None if name is None else Address(LOCAL, name)
        self.stopped = StopFlag()
        self.state = State.NEW
        self.reason = ""
        self.actor = self.ref = self.start_error = self._task_failure = None
        #: What it failed with, until it has heard of that.
        self._unheard: BaseException | None = None
        self.children = self.watchers = self.watching = None
        self.timers = self.tasks = self.stash = self._stop_replies = self._backoff = None
        self._farewell = False

    # Begin.

    def claim(self, actor: Behaviour) -> Life:
        """The actor is being rebuilt for this cell."""
        return self

    def build(self) -> None:
        """Make the actor anew by its factory; its `__init__` finds this cell."""
        assert self.factory is not None
        actor = build_for(self, self.factory)
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
            self.take(Step.BEGIN)

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
            heard = False
            if self.bus is not None:
                self.start_error = for_future(error)
                heard = self.bus.actors.begun(self, self.start_error)
            if not isinstance(error, ConfigError | TransportError):
                self.log.error("on_start failed, the actor stops", **self.named, exc_info=error)
            elif not heard:  # for the operator: a traceback would hide it; whoever waits for the start says it
                self.log.error("on_start failed, the actor stops", **self.named, error=str(error))
            self.exits(error)
            self.leave(f"on_start failed: {shown(error)}", farewell=False, kill=True)
        else:
            self.take(Step.START)

    def _say_started(self) -> None:
        if self.bus is not None:
            self.bus.actors.begun(self, None)
            self.bus.publish(ActorStarted(str(self)))

    @property
    def held(self) -> bool:
        """It takes no message for now: its handler is awaited, it starts, or backs off."""
        return False

    def sample(self) -> None:
        """Measure how long the newest message stays."""

    def hold(self) -> None:
        """No message is taken for now: a cell may have its mailbox call for what comes."""

    def _take_messages(self) -> None:
        self.mailbox.scheduled = True  # see `hold`
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

    def back_off(self, delay: float, why: str, unheard: BaseException | None) -> None:
        """It has failed: make it anew in `delay` seconds, when its children and handlers have ended.

        `unheard`: what its `on_failure` is to hear.
        """
        self._unheard = unheard
        self.take(Step.FAIL)
        self.hold()
        if self.mailbox.only_stop_left:
            self.leave(why, farewell=False, kill=True)
        else:
            self._backoff = self.call_later(delay, self._backed_off)

    def _hear_failure(self) -> None:
        error, self._unheard = self._unheard, None
        if error is not None:
            self.call_on_failure(error)

    def call_on_failure(self, error: BaseException) -> None:
        """Tell the actor that it failed."""
        assert self.actor is not None
        hear_failure(self, self.actor, error)

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
            self.take(Step.RESTART)

    def _say_restarted(self) -> None:
        assert self.bus is not None
        assert self.supervisor is not None
        self.bus.actors.restarted(self)
        self.bus.publish(ActorRestarted(str(self), self.supervisor.restarts))

    def _say_ended(self) -> None:
        if self.bus is not None:
            self.bus.actors.ended(self)  # first of all: the name must be free when others hear of the end
            self.bus.publish(ActorTerminated(str(self), self.reason))
        if self.parent is not None:
            self.parent.child_gone(self)
        replies, self._stop_replies = self._stop_replies, None
        for reply in replies or ():
            reply.succeed(None)

    # Inside.

    def take(self, step: Step) -> None:
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
    Step.FAIL: (Life._hear_failure, Life._end_owned, Life._kill_children, Life._interrupt, Life._take_up),
    Step.REBUILD: (Life._rebuild,),
    Step.STOP: (Life._shut, Life._cancel_backoff, Life._end_owned, Life._stop_children),
    Step.KILL: (Life._shut, Life._cancel_backoff, Life._end_owned, Life._kill_children, Life._interrupt),
    Step.HASTEN: (Life._kill_children, Life._interrupt),
    Step.END: (Life._say_stopped, Life._refuse_all_left, Life._say_ended, Life._let_go),
}
