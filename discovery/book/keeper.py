"""The actors that own a peer book: one for books that block, on a thread of its own, and one for those that do not.

Thread, of `ThreadBookKeeper`: the actor's (waits for: what the peer manager says; feeds: nobody).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from ...actors.actor import Actor
from ...actors.base import get_logger
from ...actors.engine import Ending, handles
from ...actors.messages import Directive, Supervision
from .book import Book, BookChanges, BookContents

__all__ = ["BOOK_ACTOR", "BookKeeper", "LoadBook", "SaveBook", "ThreadBookKeeper", "keeper_of"]

log = get_logger("peerbus.discovery")

#: The name under which the keeper runs on a node's bus.
BOOK_ACTOR = "peerbus.book"


@dataclass(frozen=True, slots=True)
class LoadBook:
    """Ask: a `BookContents`."""


@dataclass(frozen=True, slots=True)
class SaveBook:
    """Ask: "" once the book has it, else why not; a tell leaves it at the log."""

    changes: BookChanges


class BookKeeper(Actor):
    """Opens the book when it starts and closes it when it stops. Its start raises what `Book.open` raises."""

    ends_in: ClassVar[Ending | None] = Ending.STORAGE
    supervision: ClassVar[Supervision] = Supervision(directive=Directive.RESUME)

    def __init__(self, book: Book) -> None:
        super().__init__()
        self._book = book

    def on_start(self) -> None:
        """Open the book."""
        self._book.open()

    def on_stop(self) -> None:
        """Close the book."""
        self._book.close()

    @handles(LoadBook)
    def _load(self, _: LoadBook) -> BookContents:
        contents = self._book.load()
        for text in contents.damage:
            log.warning("the peer book was damaged", node=self.bus.name, what=text)
        return contents

    @handles(SaveBook)
    def _save(self, message: SaveBook) -> str:
        try:
            self._book.save(message.changes)
        except OSError as error:
            log.error("the peer book cannot be written", node=self.bus.name, error=str(error))
            return str(error)
        return ""


class ThreadBookKeeper(BookKeeper):
    """The same, where a write waits for a disk."""

    dispatcher: ClassVar[Literal["loop", "thread"] | None] = "thread"


def keeper_of(book: Book) -> type[BookKeeper]:
    """The keeper that such a book needs."""
    return ThreadBookKeeper if book.blocking else BookKeeper
