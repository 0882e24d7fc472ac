"""Where an answer in items goes, or the answer to a message that items come with, as a pool knows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ..mailbox import AnsweringCell
from .incoming import ItemsIn
from .sink import ItemSink

__all__ = ["StreamedReply"]


class StreamedReply(Protocol):
    """See the module; a `ReplyTo`."""

    #: Called when it is over, once. Whoever sets it does so while it is not.
    on_end: Callable[[], object]
    #: Items come with the message, and an answer that is no stream is right as well.
    opened: bool

    def done(self) -> bool:
        """As `ReplyTo.done`."""

    def succeed(self, value: object) -> None:
        """As `ReplyTo.succeed`."""

    def raised(self, error: BaseException) -> None:
        """As `ReplyTo.raised`."""

    def fail(self, error: BaseException) -> None:
        """As `ReplyTo.fail`."""

    def moved_to(self, answers: AnsweringCell) -> None:
        """As `MovableReply.moved_to`: that one makes the items too."""

    def wait_for_place(self) -> None:
        """There is no place for one stream more: it waits until it has been moved. Its reader is to know that."""

    def incoming(self, kind: Any = None) -> ItemsIn[Any]:
        """As `Incoming.incoming`."""

    def sending(self) -> ItemSink:
        """Its items begin: where they go, of whoever makes them by other means than a generator."""
