"""The phases in which the actors of a bus end, see `closing`."""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol

__all__ = ["SIDE_BY_SIDE", "Ending", "EndsBus"]


class Ending(IntEnum):
    """When an actor ends as its bus closes; the first one first."""

    WORK = 1
    """Users' actors: the only ones that drain together, see law 2."""
    SERVICE = 2
    """What the node itself does with its peers, such as peer exchange."""
    LINKS = 3
    """The ways to peers."""
    PEERS = 4
    """What opens and closes those ways, and hears what became of each."""
    STORAGE = 5
    """What writes down what the others leave behind."""
    BUS = 6
    """The bus's own: the router, then the event stream, which tells of all other ends."""


#: The phases whose actors end side by side, as none of them needs another.
SIDE_BY_SIDE = frozenset({Ending.LINKS})


class EndsBus(Protocol):
    """What ends the bus where an actor has it end, or finds that its loop has."""

    def escalated(self, actor: str, error: BaseException) -> None:
        """A top-level actor hands its failure on."""

    def exit(self, actor: str, error: BaseException) -> None:
        """It raised SystemExit or KeyboardInterrupt."""

    def lose(self) -> None:
        """The loop runs no more, and the bus was not closed. From any thread."""
