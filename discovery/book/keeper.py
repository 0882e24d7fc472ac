"""The actors that own a peer book: one for books that block, on a thread of its own, and one for those that do not.

Thread, of `ThreadBookKeeper`: the actor's (waits for: what the peer manager says; feeds: nobody).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from ...actors.actor import Actor
from ...actors.base import ConfigError, get_logger
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
    """Opens the book when it starts and closes it when it stops. Its start raises the ConfigError of `Book.open`.

    A file that cannot be opened as the system is (no right, no room) is tried again at each write.
    """

    ends_in: ClassVar[Ending | None] = Ending.STORAGE
    supervision: ClassVar[Supervision] = Supervision(directive=Directive.RESUME)

    def __init__(self, book: Book) -> None:
        super().__init__()
        self._book = book
        #: Why the book is not open, where it cannot be: the node goes on without it.
        self._closed = ""
        #: Failures in a row, and how many of them were told: the first, the second, the fourth and so on.
        self._failures = 0

    def on_start(self) -> None:
        """Open the book; where the file system does not let it, say so and go on without it."""
        try:
            self._book.open()
        except OSError as error:
            self._closed = str(error)
            log.warning(
                "the peer book cannot be opened, what is known of peers is forgotten at the end",
                node=self.bus.name,
                error=self._closed,
            )

    def on_stop(self) -> None:
        """Close the book."""
        self._book.close()

    @handles(LoadBook)
    def _load(self, _: LoadBook) -> BookContents:
        if self._closed:
            return BookContents()
        try:
            contents = self._book.load()
        except OSError as error:
            self._failed(str(error))
            return BookContents()
        for text in contents.damage:
            log.warning("the peer book was damaged", node=self.bus.name, what=text)
        return contents

    @handles(SaveBook)
    def _save(self, message: SaveBook) -> str:
        try:
            if self._closed:
                self._book.open()  # the disk may be there by now
                self._closed = ""
            self._book.save(message.changes)
        except (OSError, ConfigError) as error:
            self._failed(str(error))
            return str(error)
        if self._failures:
            log.info("the peer book can be written again", node=self.bus.name, failures=self._failures)
            self._failures = 0
        return ""

    def _failed(self, why: str) -> None:
        self._failures += 1
        if self._failures & (self._failures - 1) == 0:
            log.error("the peer book cannot be written", node=self.bus.name, error=why, times=self._failures)


class ThreadBookKeeper(BookKeeper):
    """The same, where a write waits for a disk."""

    dispatcher: ClassVar[Literal["loop", "thread"] | None] = "thread"


def keeper_of(book: Book) -> type[BookKeeper]:
    """The keeper that such a book needs."""
    return ThreadBookKeeper if book.blocking else BookKeeper
