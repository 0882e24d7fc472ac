"""The end of an actor, asked for or forced: its children and handlers first, then `on_stop`, then nothing is left.

Laws:
1. A cell ends only when its children have ended and no handler runs any more.
2. `on_stop` runs once, and not for an actor that failed: that one has heard `on_failure`.
3. What has ended leaves nothing to the garbage collector: a cell that ends lets go of all that points back at it. Its
   ref and its actor keep it; it keeps neither.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pykka.messages import _ActorStop

from ..base import ENDED, ActorStopped
from ..mailbox import Envelope, ReplyTo
from .actor_tasks import ActorTasks
from .behaviour import Behaviour
from .driven import Driven, OwnTimers
from .hooks import run_hooks
from .named_actor import log
from .state import State, Step
from .supervisor import Supervisor

__all__ = ["HALT", "LifeEnd"]

#: What `handle` returns when the cell takes no further message in this turn.
HALT = object()


class LifeEnd(Driven):
    """See the module. `Life` adds the beginning, and sets all this."""

    __slots__ = (
        "_backoff",
        "_farewell",
        "_stop_replies",
        "_task_failure",
        "actor",
        "children",
        "current",
        "factory",
        "parent",
        "start_error",
        "stash",
        "supervisor",
        "tasks",
        "timers",
    )

    #: The actor itself; None before it is made, and behind its end.
    actor: Behaviour | None
    factory: Callable[[], Behaviour] | None
    parent: LifeEnd | None
    children: dict[LifeEnd, None] | None
    supervisor: Supervisor | None
    #: What the actor handles, or handled last.
    current: Envelope | None
    timers: OwnTimers | None
    #: What its handlers have started beside themselves; None while they have not.
    tasks: ActorTasks | None
    #: The name of the first of these that failed before the actor took its first message, and what it raised.
    _task_failure: tuple[str, BaseException] | None
    #: What it has put aside.
    stash: list[Envelope] | None
    #: What `on_start` raised the first time, until somebody is told; then that it did, in words.
    start_error: BaseException | None
    #: Those that asked for the end, and wait for it.
    _stop_replies: list[ReplyTo] | None
    #: Cancels the timer of a restart; None when its time has come, or there is none.
    _backoff: Callable[[], object] | None
    #: `on_stop` is still to run before the end.
    _farewell: bool

    def take(self, step: Step) -> None:
        """Go to where the step leads, and do what it does."""
        raise NotImplementedError

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
                self.take(Step.HASTEN)
        else:
            first = self.supervisor is None or not self.supervisor.restarts
            if not self.begun and first and self.start_error is None:
                self.start_error = ActorStopped(f"{self} stopped before it had started: {reason}")
            self.reason = reason
            self._farewell = farewell
            self.take(Step.KILL if kill else Step.STOP)
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

    def child_gone(self, child: LifeEnd) -> None:
        """A child has ended. From any thread."""
        self.post(lambda: self._child_gone(child))

    def _child_gone(self, child: LifeEnd) -> None:
        if self.children is not None:
            self.children.pop(child, None)
        self.settle()

    def settle(self) -> None:
        """Go on with an end or a restart that waited for children and handlers."""
        if self.children or self.tasks or self.busy():
            return
        if self.state is State.BACKING_OFF:
            if self._backoff is None:
                self.take(Step.REBUILD)
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
            self.take(Step.END)

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

    def _let_go(self) -> None:
        self.let_go()

    def let_go(self) -> None:
        """It has ended, or will never begin: keep nothing that points back at it. What comes late is still refused."""
        self.actor = self.ref = self.factory = self.timers = self.tasks = None
        self.current = None  # the garbage collector does not look into a message
        if self.mailbox.closed is None:  # it will never begin
            for envelope in self.mailbox.close(f"{self} could not be started"):
                self.refuse_left(envelope)
        self.leave_mailbox()

    def leave_mailbox(self) -> None:
        """Nobody runs the actor any more, so whoever sends to it refuses that himself. From any thread."""
        mailbox = self.mailbox
        if mailbox.owner == ENDED:
            mailbox.refuse_late()
        else:
            mailbox.leave(self.heard_behind() if mailbox.on_drop == self.undelivered else None)

    # The bus stops without it.

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
