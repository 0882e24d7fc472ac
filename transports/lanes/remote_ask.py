"""An ask over a connection, as its asker awaits it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ...actors.sends import AskFuture
from .out_lane import OutLane

__all__ = ["RemoteAsk"]

T = TypeVar("T")


class RemoteAsk(AskFuture[T]):
    """An ask on its way to a peer's reactor, by `lane`. `rid` is 0 until it has been written, at `written`.

    Its maker sets `lane` and `rid`, and what `AskFuture` names.
    """

    __slots__ = ("lane", "rid", "written")

    lane: OutLane | None
    rid: int
    written: float

    def move(self, lane: OutLane, abandon: Callable[[AskFuture[T]], str]) -> None:
        """It goes by another lane, that of a connection which took the place of the first."""
        self.lane = lane
        self.abandon = abandon
