"""What a story remembers: each send, each end that somebody waits for, and the places that send."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from peerbus.actors import (
    Bus,
    DeadLetter,
    Ref,
    Subscription,
)
from peerbus.actors.sends.deadlines import SLOT
from peerbus.node import Node

#: Floats of the clock are added up.
EPSILON = 1e-6


@dataclass(eq=False)
class Sent:
    """One send, from the call to its end."""

    number: int
    node: str
    text: str
    verb: str
    #: To one receiver of this node, which is known by name.
    local: bool
    #: It may be sent again elsewhere.
    again: bool
    made: float
    deadline: float
    #: Whose order it keeps; None where it goes to several.
    source: object
    order: int = 0
    #: Those it was sent with by one `tell_many`, if it was.
    many: SentMany | None = None
    outcome: Any = None
    awaited: float | None = None
    ended: float | None = None
    #: What it ended with: a value, or an exception.
    result: object = None

    @property
    def due(self) -> float:
        """When it has to have ended."""
        assert self.awaited is not None
        return max(self.deadline, self.awaited) + SLOT + EPSILON

    @property
    def failed(self) -> bool:
        """It has ended with an error."""
        return isinstance(self.result, BaseException)

    def drop(self) -> None:
        """Nobody will await it."""
        self.outcome = None

    def __str__(self) -> str:
        return f"#{self.number} {self.text} made at {self.made:.3f}"


@dataclass(eq=False)
class SentMany:
    """One `tell_many`, and its messages."""

    sends: list[Sent]
    outcome: Any = None
    #: Of a generator: how many were drawn of it.
    drawn: int = 0

    def drop(self) -> None:
        """Nobody will await it."""
        self.outcome = None
        self.forget()

    def forget(self) -> None:
        """What was never drawn was never sent."""
        for sent in self.sends[self.drawn :]:
            sent.local = False


@dataclass(eq=False)
class Watch:
    """An end that somebody wants to hear of."""

    #: The URN of the one that is watched; None where there was nobody, or it is on another node.
    target: str | None


@dataclass
class Place:
    """One node of the story, or the bus alone."""

    door: Bus | Node
    letters: Subscription[DeadLetter]
    #: Whom a name meant last.
    refs: dict[str, Ref[Any]] = field(default_factory=dict)
    closing: asyncio.Task[None] | None = None

    @property
    def bus(self) -> Bus:
        return self.door if isinstance(self.door, Bus) else self.door.bus
