"""What a program says of a pool: of which actors, how many, where they run, and which of them gets which message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..engine import Body
from ..messages import Key
from .resizer import MAX_MEMBERS, Resizer

__all__ = ["MAX_STREAMS_OF_MEMBER", "Combine", "Dispatcher", "Pick", "PoolPick", "PoolPlan"]

#: Where a member runs; None: where its class says.
Dispatcher = Literal["loop", "thread", "process"]
#: What gets a message: the member with the least to do, all of them, or the one that has its key.
Pick = Literal["least", "all"] | Key
#: The same for all messages, or said of each by a function.
PoolPick = Literal["least", "all"] | Callable[[Any], Pick]
#: Streams that a member answers at a time, at most: as many as one peer may have open at a reactor. Each holds a task.
MAX_STREAMS_OF_MEMBER = 256
#: Makes one answer of those of all members, which come in the order of their numbers.
Combine = Callable[[Sequence[Any]], object]


def first(answers: Sequence[Any]) -> object:
    """The answer of the first member: where all do the same, as good as any."""
    return answers[0]


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """A pool as it was written."""

    factory: Callable[[], Body]
    size: int
    dispatcher: Dispatcher | None = None
    pick: PoolPick = "least"
    combine: Combine = first
    resizer: Resizer | None = None
    #: Messages without a key that a member has at hand beside the one that it handles.
    prefetch: int = 1
    #: Streams that a member answers at a time.
    streams: int = MAX_STREAMS_OF_MEMBER

    @property
    def factory_dispatcher(self) -> str | None:
        """Where the class says that its actors run."""
        made: object = getattr(self.factory, "func", self.factory)  # of a partial
        return getattr(made, "dispatcher", None)

    @property
    def in_processes(self) -> bool:
        """Each member runs in a process of its own."""
        return (self.dispatcher or self.factory_dispatcher) == "process"

    @property
    def on_threads(self) -> bool:
        """Each member runs on a thread of its own."""
        return (self.dispatcher or self.factory_dispatcher) == "thread"

    @property
    def bounds(self) -> tuple[int, int]:
        """Members at least and at most."""
        return (1, MAX_MEMBERS) if self.resizer is None else (self.resizer.lower, self.resizer.upper)

    @property
    def shown_pick(self) -> str:
        """The pick in a word: of a function, its name."""
        return self.pick if isinstance(self.pick, str) else f"by {getattr(self.pick, '__name__', 'a function')}"
