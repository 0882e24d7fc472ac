"""What a cell needs of the bus that it is on. The bus implements it; nothing here knows the bus."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from ..base import SendError
from ..messages import KnownChannels
from ..sends import DeadlineWheel, DeadlockWatch, LoopHost
from .arrivals import Arrivals
from .behaviour import Behaviour
from .blocking import BlockingThreads
from .ending import EndsBus
from .life import Life, LifeHost, ToldOfLives
from .timings import Timings

__all__ = ["Host"]


class NamesActors(ToldOfLives, Protocol):
    """What gives actors their names."""

    def next_urn(self) -> str:
        """A new actor's URN."""

    def actor_name(self, actor_class: type[Behaviour]) -> str:
        """A free name for an actor of that class that was given none."""

    def check_free(self, name: str) -> None:
        """Raise ValueError where an actor of that name runs."""

    def running(self) -> Iterable[Life]:
        """The cells of those that have not ended. From any thread."""


class RunsBlocking(EndsBus, Protocol):
    """The life of a bus, as far as its actors call it."""

    @property
    def blocking(self) -> BlockingThreads:
        """The threads for functions that block."""


class Host(LifeHost, LoopHost, Protocol):
    """See the module."""

    #: Says when time is up for what waits on the loop.
    wheel: DeadlineWheel
    #: Finds sends that wait for each other in a circle.
    deadlocks: DeadlockWatch
    #: Sends here are looked at as if they went to another node.
    checks_sends: bool
    #: How long messages stay, and handlers take.
    timings: Timings
    #: When what lies in mailboxes came.
    arrivals: Arrivals
    #: Channels by name, with what is set of them here.
    channels: KnownChannels

    @property
    def outward(self) -> object:
        """What has its sends to peers, where it is in a worker process of a node; None elsewhere."""

    @property
    def actors(self) -> NamesActors:
        """Its actors."""

    @property
    def life(self) -> RunsBlocking:
        """Its own life."""

    def call(self, action: Callable[[], object]) -> None:
        """Run `action` on the loop's thread, soon. From any thread."""

    def dead_letter(
        self,
        message: object,
        reason: str,
        *,
        to: object,
        sender: object,
        error: SendError | None = None,
    ) -> None:
        """A message did not reach a handler, or its handler failed. From any thread."""
