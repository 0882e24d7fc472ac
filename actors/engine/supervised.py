"""What becomes of an actor's failures: those of its handlers, tasks, hooks and constructor, and those of its children.

Law 1: whatever a handler, a hook, a constructor or a task of the actor raises, of whatever class, is a failure of the
       actor, and never of what runs it. SystemExit and KeyboardInterrupt stop the bus as well, in order.
"""

from __future__ import annotations

import asyncio
from functools import partial

import pykka

from ..base import ShuttingDown, shown
from ..messages import ActorFailed, Directive
from .life import Life
from .life_end import HALT
from .named_actor import log
from .state import State
from .supervisor import is_failed_send

__all__ = ["EXITS", "Supervised"]

#: What ends the program, wherever it is raised.
EXITS = (SystemExit, KeyboardInterrupt)


class Supervised(Life):
    """A life whose failures are its supervisor's business."""

    __slots__ = ()

    parent: Supervised | None

    def supervise(
        self, error: BaseException, *, of: object = None, heard: bool = True, task: str = "", child: bool = False
    ) -> object:
        """Do what the supervision says about a failure of the actor. Returns HALT or None, as `handle`.

        `of`: the message whose handler failed; `task`: the name of the actor's task that failed, where it was no
        handler. `heard`: the actor that failed gets `on_failure`; not one that could not be built or started.
        `child`: it is a child's failure, which that one has handed on.
        """
        assert self.bus is not None
        assert self.supervisor is not None
        self.exits(error)
        if not heard and isinstance(error, ShuttingDown) and self.bus.closing:
            # What it needs to begin is not to be had until the bus has ended: no later try would do better.
            log.info("the actor is not begun any more", **self.named, why=shown(error))
            self.leave(f"not begun: {shown(error)}", farewell=False, kill=True)
            return HALT
        if not child and is_failed_send(error):
            decision = self.supervisor.send_failed(self.now(), goes_on=heard and not task)
        else:
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
            self.back_off(decision.delay, f"failed: {shown(error)}", error if heard else None)
            return HALT
        if heard:
            self.call_on_failure(error)
        self.leave(f"failed: {shown(error)}", farewell=False, kill=True)
        if directive is Directive.ESCALATE:
            if self.parent is not None:
                self.parent.child_failed(self, error)
            else:
                self.bus.life.escalated(str(self), error)
        return HALT

    def child_failed(self, child: Life, error: BaseException) -> None:
        """A child handed its failure on: it is this actor's own now. From any thread."""
        self.post(partial(self._fail_for_child, error))

    def _fail_for_child(self, error: BaseException) -> None:
        # Where the parent was rebuilt meanwhile, the child belonged to the one before.
        if self.state is State.RUNNING:
            self.supervise(error, child=True)

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

    def log_unheard(self, error: BaseException) -> None:
        """A handler raised for whom nobody waits any more: by that very end, as of the items that came, or else."""
        if is_failed_send(error):
            log.debug("handler ended, nobody waits for it any more", **self.named, error=shown(error))
        else:
            log.warning("handler failed, nobody waits for it any more", **self.named, exc_info=error)

    def log_raised(self, error: BaseException, message: object, *, expected: bool) -> None:
        """A handler raised what its asker is told."""
        if expected:
            self.log.info("exception returned to the caller", **self.named, error=shown(error), exc_info=error)
        else:
            name = type(message).__name__
            log.warning(
                "handler failed, the asker is told", **self.named, message=name, error=shown(error), exc_info=error
            )
