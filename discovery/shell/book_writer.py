"""The peer manager's side of its book: loads it at the start, and has the keeper write what has changed."""

from __future__ import annotations

from ...actors.actor import Actor
from ...actors.base import RemoteError, SendError
from ...actors.engine import Ref
from ...actors.mailbox import Envelope
from ..book import BookContents, BookKeeper, LoadBook, SaveBook
from ..mind import Bookkeeping

__all__ = ["BookWriter"]

#: Seconds that the keeper may take for one answer.
BOOK_TIMEOUT = 30.0


class BookWriter:
    """For the actor `owner`; `keeper` None: nothing is kept. Times are the owner's clock."""

    def __init__(self, owner: Actor, keeper: Ref[BookKeeper] | None, bookkeeping: Bookkeeping) -> None:
        self._owner = owner
        self._keeper = keeper
        self._bookkeeping = bookkeeping

    @property
    def kept(self) -> bool:
        """Whether there is a book at all."""
        return self._keeper is not None

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
        return error

    def leave(self, now: float) -> None:
        """The owner stops: leave what has changed with the keeper, which stops later and writes that before."""
        if self._keeper is not None and (changes := self._bookkeeping.changes(now)):
            self._keeper._cell.mailbox.put(Envelope(SaveBook(changes)))
