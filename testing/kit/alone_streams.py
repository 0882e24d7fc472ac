"""Reading what an actor that runs alone answers in items."""

from __future__ import annotations

from typing import Any, TypeVar, overload

from ...actors.engine import Ref
from ...actors.messages import Asks, OneAnswer, Stream
from ...actors.routing import routed_stream
from ...actors.stream_sends import check_times
from .recording_bus import RecordingBus

__all__ = ["PATIENCE", "AloneStreams"]

R = TypeVar("R")

#: Seconds of the loop's clock until an open ask of the actor, or of the test, fails, and that one item may take.
PATIENCE = 5.0


class AloneStreams:
    """The part of `Alone` that reads items."""

    bus: RecordingBus

    @property
    def ref(self) -> Ref[Any]:
        """The actor's."""
        raise NotImplementedError

    @overload
    def stream(  # type: ignore[overload-overlap]  # a stream is also some answer
        self, message: Asks[object, Stream[R]], *, timeout: float | None = None, idle: float | None = PATIENCE
    ) -> Stream[R]: ...  # pyright: ignore[reportOverlappingOverload]
    @overload
    def stream(  # type: ignore[overload-overlap]  # a request is also some message
        self, message: Asks[object, R], *, timeout: float | None = None, idle: float | None = PATIENCE
    ) -> OneAnswer[R]: ...  # pyright: ignore[reportOverlappingOverload]
    @overload
    def stream(
        self, message: object, *, timeout: float | None = None, idle: float | None = PATIENCE
    ) -> Stream[Any]: ...
    def stream(
        self, message: object, *, timeout: float | None = None, idle: float | None = PATIENCE
    ) -> Stream[Any] | OneAnswer[Any]:
        """Let it handle a message, and read the answer item by item: `async for thumb in alone.stream(Make(3))`.

        As `Actor.stream`: an error comes behind the items before it, and leaving the loop ends the generator. Awaits of
        the generator are real, `asyncio.sleep` too; what it asks others stays open until the test answers it.
        """
        timeout, idle = check_times(timeout, idle)
        return routed_stream(self.bus, self.ref, message, timeout, idle, None)
