"""An ask over a connection, as its asker awaits it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Self, TypeVar

from ...actors.engine import PeakEwma
from ...actors.sends import AskFuture, Waiting
from .out_lane import OutLane

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["RemoteAsk", "lane_of"]

T = TypeVar("T")


class RemoteAsk(AskFuture[T]):
    """An ask on its way to a peer's reactor, by `lane`. `rid` is 0 until it has been written, at `written`.

    Its maker sets `lane` and `rid`, and what `AskFuture` names.
    """

    __slots__ = ("lane", "rid", "written")

    lane: OutLane | None
    rid: int
    written: float

    @classmethod
    def unsent(
        cls,
        loop: asyncio.AbstractEventLoop,
        message: object,
        reply_type: TypeForm[T] | None,
        abandon: Callable[[AskFuture[T]], str],
    ) -> Self:
        """One that goes by no lane."""
        future = cls.of(loop, message, reply_type, abandon)
        future.lane, future.rid = None, 0
        return future

    def left(self, latency: PeakEwma, now: float) -> None:
        """Nobody waits for it any more, which says something of how long its receiver takes."""
        (latency.waited if self.cancelled() else latency.failed)(now - self.written, now)

    def move(self, lane: OutLane, abandon: Callable[[AskFuture[T]], str]) -> None:
        """It goes by another lane, that of a connection which took the place of the first."""
        self.lane = lane
        self.abandon = abandon


def lane_of(wait: object) -> OutLane | None:
    """The lane that a send waits on: for credit, or for its answer."""
    lane = wait.room if isinstance(wait, Waiting) else wait.lane if isinstance(wait, RemoteAsk) else None
    return lane if isinstance(lane, OutLane) else None
