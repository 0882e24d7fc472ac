"""What an actor is called: its names, in logs and to Pykka, and why a send to one that has ended fails."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import pykka

from ..base import ActorStopped, SendError, StopFlag, get_logger
from ..mailbox import NO_CHANNEL
from ..messages import Address
from ..sends import Producer
from .behaviour import Behaviour
from .state import State

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from ..mailbox import Mailbox

__all__ = ["Home", "NamedActor", "log"]

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


class Home(Producer, Protocol):
    """The bus that an actor is on, as far as its name goes."""

    name: str

    def call(self, action: Callable[[], object]) -> None:
        """Run `action` on the loop's thread, soon. From any thread."""


class NamedActor:
    """One actor, by its names. `Life` adds what becomes of it, and sets all this."""

    __slots__ = ("actor_class", "address", "bus", "mailbox", "name", "ref", "state", "stopped", "urn")

    actor_class: type[Behaviour]
    #: Where it is on its bus; None without one.
    address: Address[object] | None
    bus: Home | None
    mailbox: Mailbox
    name: str | None
    ref: pykka.ActorRef[Any] | None
    state: State
    stopped: StopFlag
    urn: str

    @property
    def named(self) -> dict[str, str]:
        """The fields of a log line that say which actor it is about."""
        return {"actor": str(self)} if self.bus is None else {"node": self.bus.name, "actor": str(self)}

    @property
    def log(self) -> FilteringBoundLogger:
        """Where it says what Pykka's actors say too."""
        return as_pykka if self.bus is None else log

    @property
    def channel_name(self) -> str:
        """Under which name what it does is counted."""
        channel = self.actor_class.__channel__
        return NO_CHANNEL if channel is None else channel.name

    def mark_stopped(self) -> None:
        """The ref is dead from now on, and Pykka's registry forgets it."""
        if not self.stopped.is_set():
            assert self.ref is not None
            self.stopped.set()
            if self.actor_class.__registered__:
                pykka.ActorRegistry.unregister(self.ref)

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

    def abandon(self, reply: object) -> str:
        """Nobody waits for this reply any more: end the work, on the loop. Returns the phase in which it was."""
        raise NotImplementedError

    def abandoned(self, reply: object) -> None:
        """As `Producer.abandoned`."""
        if self.bus is not None:
            self.bus.call(partial(self.abandon, reply))

    def lost(self) -> SendError | None:
        """Why what the actor has not answered is never answered, where it or its bus ended without a word; or None."""
        return None if self.bus is None else self.bus.lost()

    def left_error(self, message: object) -> ActorStopped:
        """Why a message is not answered whose handler never returns."""
        return ActorStopped(f"{self} did not come to an end before its bus stopped", message=message)

    def stopped_error(self, message: object, when: str = "before handling the message") -> ActorStopped:
        """Why a message is not handled, or not to its end: `when` the actor stopped."""
        return ActorStopped(f"{self} stopped {when}", message=message)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self} {self.state.value}>"

    def __str__(self) -> str:
        return self.name or f"{self.actor_class.__name__} ({self.urn})"
