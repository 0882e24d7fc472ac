"""Facts of an actor's life, as values: published on the bus's event stream, logged, and sent to watchers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ..base import SendError
from .address import Address
from .facts import Fact

__all__ = [
    "FACTS",
    "ActorFailed",
    "ActorRestarted",
    "ActorStarted",
    "ActorTerminated",
    "DeadLetter",
    "FailedOver",
    "HandlerStalled",
    "PoolResized",
    "ShutdownStarted",
    "Terminated",
]


@dataclass(frozen=True, slots=True)
class DeadLetter(Fact):
    """A message that nobody handled, and why. `to` and `sender` are addresses in text form.

    ```python
    class Undertaker(Actor):
        def on_start(self) -> None:
            self.bus.subscribe_actor(self.actor_ref, DeadLetter)

        @handles(DeadLetter)
        def lost(self, letter: DeadLetter) -> None:
            print(f"{letter.message} did not reach {letter.to}: {letter.reason}")
    ```
    """

    message: object
    reason: str
    to: str
    sender: str
    error: SendError | None = None


@dataclass(frozen=True, slots=True)
class ActorStarted(Fact):
    """The actor's `on_start` has finished."""

    actor: str


@dataclass(frozen=True, slots=True)
class ActorFailed(Fact):
    """A handler raised; `directive` is what its supervision decided."""

    actor: str
    error: BaseException
    directive: str


@dataclass(frozen=True, slots=True)
class ActorRestarted(Fact):
    """The actor was rebuilt from its factory. Its mailbox was kept."""

    actor: str
    restarts: int


@dataclass(frozen=True, slots=True)
class ActorTerminated(Fact):
    """The actor has stopped for good."""

    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class HandlerStalled(Fact):
    """A handler has held the event loop for `seconds`, and still does: nobody else on the loop got a turn.

    `message`: the type of what it handles ("" in a hook); `stack`: where it was, `file:line function`, inwards.
    """

    actor: str
    handler: str
    message: str
    seconds: float
    stack: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FailedOver(Fact):
    """A send to a role goes to another of its nodes: that it was `tried` at failed for the reason `why`, or is slow."""

    to: str
    message: str
    tried: str
    next: str
    why: str


@dataclass(frozen=True, slots=True)
class PoolResized(Fact):
    """A pool is to have another number of members: `members` in place of `before`, and `why`."""

    pool: str
    members: int
    before: int
    why: str


@dataclass(frozen=True, slots=True)
class ShutdownStarted(Fact):
    """Sent to each actor that handles it, ahead of what is queued: the bus closes, take no new work from outside.

    Work at hand goes on for `within` seconds at most; then the actors end, see `peerbus.actors.engine.closing`.

    ```python
    class Careful(Actor):
        closing = False

        @handles(ShutdownStarted)
        def closes(self, begun: ShutdownStarted) -> None:
            self.closing = True  # take no new work; what is at hand has begun.within seconds
    ```
    """

    within: float


@dataclass(frozen=True, slots=True)
class Terminated(Fact):
    """Sent to whoever watches: the actor at `address` has stopped, or its peer is gone. `reason` says which.

    ```python
    class Heir(Actor):
        def __init__(self, target: Ref[Actor]) -> None:
            super().__init__()
            self.target = target

        def on_start(self) -> None:
            self.watch(self.target)

        @handles(Terminated)
        def gone(self, end: Terminated) -> None:
            print(f"{end.address} has ended: {end.reason}")
    ```
    """

    address: Address[Any]
    reason: str


#: These are told on their own node only: a channel may declare them, and they do not travel.
FACTS: Final = frozenset(
    {
        ActorFailed,
        ActorRestarted,
        ActorStarted,
        ActorTerminated,
        DeadLetter,
        FailedOver,
        HandlerStalled,
        PoolResized,
        ShutdownStarted,
        Terminated,
    }
)
