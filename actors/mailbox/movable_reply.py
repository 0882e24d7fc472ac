"""An answer whose asker can be told that somebody else gives it. Apart from the compiled core, see `source_tree`.

Whether an answer is one is asked while the program runs, and of a compiled protocol that cannot be asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from .envelope import AnsweringCell

__all__ = ["MovableReply"]


@runtime_checkable
class MovableReply(Protocol):
    """A `ReplyTo` whose asker knows who answers: it is told where that is somebody else now."""

    def moved_to(self, answers: AnsweringCell) -> None:
        """This one has got the message, and answers it."""
