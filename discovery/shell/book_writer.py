"""The peer manager's side of its book: loads it at the start, and has the keeper write what has changed."""

from __future__ import annotations

from ...actors.actor import Actor
from ...actors.base import RemoteError, SendError
from ...actors.engine import Ref
from ...actors.mailbox import Envelope
from ..book import BookContents, BookKeeper, LoadBook, SaveBook
from ..facts import BookFailed, BookRecovered
from ..mind import Bookkeeping
from .peers_statistics import BookView

__all__ = ["BookWriter"]

#: Seconds that the keeper may take for one answer.
BOOK_TIMEOUT = 30.0


class BookWriter:
    """For the actor `owner`; `keeper` None: nothing is kept. Times are the owner's clock."""

    def __init__(self, owner: Actor, keeper: Ref[BookKeeper] | None, bookkeeping: Bookkeeping) -> None:
        self._owner = owner
        self._keeper = keeper
        self._bookkeeping = bookkeeping
        #: Writes that failed: since the start, in a row now, and why the last one did.
        self._failures, self._in_a_row, self._error = 0, 0, ""

    @property
    def kept(self) -> bool:
        """Whether there is a book at all."""
        return self._keeper is not None

    @property
    def view(self) -> BookView | None:
        """How it goes; None where there is no book."""
        return None if self._keeper is None else BookView(self._failures, self._error)

    async def restore(self, now: float) -> int:
        """Enter what the book holds; returns the number of the last record that this node signed, 0 for none."""
        if self._keeper is not None:
            contents = await self._owner.ask(self._keeper, LoadBook(), reply=BookContents, timeout=BOOK_TIMEOUT)
            self._bookkeeping.restore(contents, now)
        return self._bookkeeping.sequence

    def signed(self, sequence: int) -> None:
        """This node has signed a record of that number."""
        self._bookkeeping.sequence = sequence

    async def save(self, now: float) -> str:
        """Have what changed written, and wait until it is; returns why not, where that failed."""
        if self._keeper is None or not (changes := self._bookkeeping.changes(now)):
            return ""
        try:
            error = await self._owner.ask(self._keeper, SaveBook(changes), reply=str, timeout=BOOK_TIMEOUT)
        except (SendError, RemoteError) as failure:
            error = str(failure)
        if error:
            self._bookkeeping.not_written(changes)
        self._wrote(error)
        return error

    def _wrote(self, error: str) -> None:
        """One write is over; subscribers hear of the first that fails, and of the first that does not any more."""
        before, self._in_a_row, self._error = self._in_a_row, self._in_a_row + 1 if error else 0, error
        self._failures += bool(error)
        if error and not before:
            self._owner.bus.publish(BookFailed(error))
        elif before and not error:
            self._owner.bus.publish(BookRecovered(before))

    def leave(self, now: float) -> None:
        """The owner stops: leave what has changed with the keeper, which stops later and writes that before."""
        if self._keeper is not None and (changes := self._bookkeeping.changes(now)):
            self._keeper._cell.mailbox.put(Envelope(SaveBook(changes)))
