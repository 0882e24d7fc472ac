"""Brings an answer from an actor's thread to an ask that waits on an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from ..base import get_logger
from ..sends import AskFuture

__all__ = ["CrossReply"]

R = TypeVar("R")

log = get_logger("peerbus.actors")


class CrossReply:
    """The reply of one ask."""

    __slots__ = ("_loop", "future")

    def __init__(self, future: AskFuture[R], loop: asyncio.AbstractEventLoop) -> None:
        self.future: AskFuture[Any] = future
        self._loop = loop

    def done(self) -> bool:
        """Nobody waits any more."""
        return self.future.done()

    def _bring(self, action: Callable[..., None], value: object) -> None:
        try:
            self._loop.call_soon_threadsafe(action, value)
        except RuntimeError:  # the asker's loop has closed: nobody waits any more
            log.debug("answer without an asker", value=type(value).__name__)

    def succeed(self, value: object) -> None:
        """The handler answered."""
        self._bring(self.future.succeed, value)

    def raised(self, error: BaseException) -> None:
        """The handler raised."""
        self._bring(self.future.raised, error)

    def fail(self, error: BaseException) -> None:
        """The ask ended before a handler could answer it."""
        self._bring(self.future.fail, error)
