"""The work of an `async def` handler on a traced message: what it sends meanwhile belongs to that."""

from __future__ import annotations

from collections.abc import Awaitable, Generator

from ..mailbox import Handling
from .timers import Followed

__all__ = ["TracedWork"]


class TracedWork(Followed):
    """What a handler returned to be awaited."""

    __slots__ = ("_handling",)

    def __init__(self, of: Awaitable[object], handling: Handling) -> None:
        super().__init__(of, handling.ended)
        self._handling = handling

    def __await__(self) -> Generator[object, None, object]:
        try:
            with self._handling.current():
                return (yield from self.of.__await__())
        except BaseException as error:
            self._handling.failed(error)
            raise
        finally:
            self._handling.ended()
            del self  # an error keeps this frame, see outcome
