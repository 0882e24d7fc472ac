"""What a life needs of what runs the actor: the loop or a thread, its messages, its supervision."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from ..base import SendError
from ..mailbox import Envelope
from .watched_actor import WatchedActor

__all__ = ["Driven", "OwnTimers"]


class OwnTimers(Protocol):
    """The timers of one actor, as far as its life knows them."""

    def begin(self) -> None:
        """The actor begins: so do those that its constructor has set."""

    def cancel_all(self) -> None:
        """The actor ends, or is rebuilt."""


class Driven(WatchedActor):
    """Nothing of it is done here: `Supervised`, `Cell`, and then `LoopCell` or `ThreadCell`, say how."""

    __slots__ = ()

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

    def at_work(self) -> int:
        """Handlers that run."""
        raise NotImplementedError

    def beside(self, envelope: Envelope) -> asyncio.Task[None] | None:
        """The task in which a reentrant handler handles this message, if one does."""
        return None

    def work_for(self, reply: object) -> asyncio.Task[None] | None:
        """The task beside the next messages that works on the answer to an ask, if one does."""
        return None

    def holding(self) -> Envelope | None:
        """The message whose plain handler has the loop at this moment, as far as another thread can see."""
        raise NotImplementedError

    def busy(self) -> bool:
        """A handler or a hook still runs beside the caller."""
        raise NotImplementedError

    def interrupt(self) -> None:
        """Cancel the handlers and hooks that await, and wake what waits for messages."""
        raise NotImplementedError

    def leave_behind(self) -> None:
        """The bus stops without it, as its handler never returns: what waits for it waits no longer.

        It ends here and now, without `on_stop`. On the bus's loop thread.
        """
        raise NotImplementedError

    # Its messages.

    def drain(self) -> None:
        """Handle what is in the mailbox."""
        raise NotImplementedError

    def take_up(self) -> None:
        """Handle what was stashed, before anything else."""
        raise NotImplementedError

    def refuse_left(self, envelope: Envelope, *, begun: bool = False) -> None:
        """The actor ended, or was rebuilt, before it had handled this message, which it may have begun to."""
        raise NotImplementedError

    def undelivered(self, envelope: Envelope, error: SendError) -> None:
        """A message is not handled: let dead letters know. From any thread."""
        raise NotImplementedError

    def heard_behind(self) -> Callable[[Envelope, SendError], None]:
        """The same, of what is dropped when the actor has ended: it keeps nothing of the actor."""
        raise NotImplementedError

    # Its supervision.

    def supervise(self, error: BaseException, *, of: object = None, heard: bool = True, task: str = "") -> object:
        """Do what the supervision says about a failure of the actor. Returns HALT or None, as `handle`.

        `of`: the message whose handler failed; `task`: the name of the actor's task that failed, where it was no
        handler. `heard`: the actor that failed gets `on_failure`; not one that could not be built or started.
        """
        raise NotImplementedError

    def exits(self, error: BaseException) -> None:
        """Stop the bus where what the actor raised is to end the program. From any thread."""
        raise NotImplementedError
