"""An actor without sends: its cell, its timers and tasks, its stash. What the package's own actors stand on."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, ParamSpec, Self, TypeVar, cast

from ..base import PeerbusError
from .behaviour import Behaviour
from .building import BUILDING
from .cell import Cell
from .ref import Ref
from .thread_cell import ThreadCell
from .timers import Missed, Timer, Timers

__all__ = ["Body"]

P = ParamSpec("P")
T = TypeVar("T")


class Body(Behaviour):
    """An actor that runs in a cell. `Actor` adds what it needs of a bus."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        claim = BUILDING.claim
        if claim is None:
            self._cell: Cell = ThreadCell(type(self), None)
        else:
            BUILDING.claim = None
            self._cell = cast("Cell", claim.claim(self))
        cell = self._cell
        self.actor_urn = cell.urn
        self.actor_inbox = cell.mailbox  # type: ignore[assignment]  # envelopes are ours
        self.actor_stopped = cell.stopped
        if cell.ref is None:
            cell.ref = Ref(self, cell)
        cell.actor = self
        self._actor_ref = cell.ref

    @property
    def actor_ref(self) -> Ref[Self]:
        """The actor's handle."""
        return self._actor_ref  # type: ignore[return-value]  # set in __init__

    def _start_actor_loop(self) -> None:
        self._cell.start()

    def __str__(self) -> str:
        return str(self._cell)

    # Timers, tasks, stash.

    def after(self, delay: float, message: object) -> Timer:
        """Get `message` in `delay` seconds; 0 or less is as soon as what is handled now is done.

        Where the mailbox is full it goes before all that waits there. The timer ends with the actor, or with its
        restart. Raises ValueError for nan and inf, TypeError for what is no number.
        """
        return self._timers().after(delay, message)

    def every(self, interval: float, message: object, *, missed: Missed = "skip") -> Timer:
        """Get `message` every `interval` seconds, the first time after one interval, until it is cancelled.

        At most one message of the timer is in the mailbox: where one waits still when the next is due, or there is no
        room, the next one is missed. `missed` says what follows from that, in the words of tokio.
        `"skip"`: a fixed rate. The n-th is due n intervals after the start, those that were missed do not come.
        `"burst"`: a fixed rate. Those that were missed come as soon as the actor takes them, one after the other.
        `"delay"`: a fixed delay. The next one is due one interval after this one was handled.
        The timer ends with the actor, or with its restart.
        Raises ValueError for an interval that is not finite and at least 1e-9, TypeError for what is no number.
        """
        return self._timers().every(interval, message, missed)

    def _timers(self) -> Timers:
        timers = self._cell.timers
        if timers is None:
            timers = self._cell.timers = Timers(self._cell)
        return cast("Timers", timers)

    def create_task(self, coroutine: Coroutine[object, object, T], *, name: str | None = None) -> asyncio.Task[T]:
        """Run `coroutine` beside the handlers, as `asyncio.create_task` does. It ends with the actor.

        The task is cancelled when the actor stops or is rebuilt, and the actor has ended only when it has. An exception
        in it is a failure of the actor, whether somebody awaits the task or not; see `supervision`.
        Raises PeerbusError for an actor that does not run on an event loop, and one that stops.
        """
        try:
            return self._cell.create_task(coroutine, name)
        except PeerbusError:
            coroutine.close()
            raise

    async def run_blocking(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `function` on a thread beside the event loop, and return what it returns; see `engine/blocking.py`.

        The node has as many threads for all of its actors as its `blocking_threads` says; beyond them it waits its
        turn. Where the caller's deadline comes, or its actor or node ends, the await ends at once, and the function is
        told: it looks by `check_cancelled()`, or waits by `wait_cancelled(seconds)`.
        Raises what the function raises; PeerbusError for an actor that is on no bus, TypeError for an `async def`.
        """
        name = getattr(function, "__qualname__", type(function).__name__)
        if inspect.iscoroutinefunction(function):
            raise TypeError(f"run_blocking takes a function that blocks, and {name} is `async def`: await it")
        bus = self._cell.bus
        if bus is None:
            raise PeerbusError(f"{self} is on no bus, and has a thread of its own: call {name} itself")
        return await bus.life.blocking.run(partial(function, *args, **kwargs), f"{self}: {name}")

    def put_aside(self) -> None:
        """Stash the message that is being handled, until `take_up`. An ask's answer is then still open."""
        self._cell.put_aside()

    def take_up(self) -> None:
        """Handle what was put aside, in its order, before anything else."""
        self._cell.take_up()
