"""The peer manager's book is loaded at the start, and written until a write succeeds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from peerbus.actors import Actor, Bus, Ref
from peerbus.discovery import BookFailed, BookRecovered
from peerbus.discovery.book.book import BookChanges, BookContents, MemoryBook, PeerEntry
from peerbus.discovery.book.keeper import BookKeeper
from peerbus.discovery.mind.bookkeeping import Bookkeeping
from peerbus.discovery.shell.book_writer import BookWriter
from peerbus.discovery.shell.peers_statistics import BookView

ENTRY = PeerEntry(node_id="a" * 64, seen=1e9)
CHANGES = BookChanges(peers=(ENTRY,))


@dataclass
class Mind:
    """The bookkeeping, as far as a writer knows it."""

    pending: BookChanges = field(default_factory=BookChanges)
    sequence: int = 0
    restored: list[BookContents] = field(default_factory=list)
    returned: list[BookChanges] = field(default_factory=list)

    def restore(self, contents: BookContents, now: float) -> None:
        """Write it down."""
        self.restored.append(contents)

    def changes(self, now: float) -> BookChanges:
        """Each once."""
        pending, self.pending = self.pending, BookChanges()
        return pending

    def not_written(self, changes: BookChanges) -> None:
        """Write it down."""
        self.returned.append(changes)


@dataclass(slots=True)
class FullBook(MemoryBook):
    """A disk that is full."""

    def save(self, changes: BookChanges) -> None:
        """Fail."""
        raise OSError(28, "No space left on device")


@dataclass(slots=True)
class RoomLater(MemoryBook):
    """A disk that is full at times."""

    full: bool = False

    def save(self, changes: BookChanges) -> None:
        """Fail where it is full."""
        if self.full:
            raise OSError(28, "No space left on device")
        MemoryBook.save(self, changes)


class Owner(Actor):
    """The actor whose book it is."""

    async def on_receive(self, message: object) -> object:
        """Do with the writer what the test says."""
        assert callable(message)
        return await message(self)


def writer(owner: Actor, keeper: Ref[BookKeeper] | None, mind: Mind) -> BookWriter:
    return BookWriter(owner, keeper, cast("Bookkeeping", mind))


async def save(book: MemoryBook | None, mind: Mind, *, stopped: bool = False) -> str:
    """Restore and save, by an owner whose keeper has this book; what the save said."""
    async with Bus() as bus:
        keeper = None if book is None else bus.spawn(BookKeeper, book)
        if keeper is not None:
            await bus.started(keeper)

        async def work(owner: Actor) -> str:
            mine = writer(owner, keeper, mind)
            assert mine.kept is (book is not None)
            await mine.restore(0.0)
            if stopped and keeper is not None:
                keeper.stop(block=False)
            return await mine.save(0.0)

        return await bus.ask(bus.spawn(Owner), work, reply=str)


async def test_what_the_book_holds_is_restored_and_what_changed_is_written() -> None:
    book, mind = MemoryBook(), Mind(CHANGES)
    book.save(BookChanges(peers=(PeerEntry(node_id="b" * 64, seen=1.0),)))
    assert await save(book, mind) == ""
    (contents,) = mind.restored
    assert [each.node_id for each in contents.peers] == ["b" * 64]
    assert book.peers["a" * 64] == ENTRY
    assert mind.returned == []


@pytest.mark.parametrize("stopped", [False, True])
async def test_what_could_not_be_written_is_given_back_to_be_written_again(stopped: bool) -> None:
    mind = Mind(CHANGES)
    why = await save(MemoryBook() if stopped else FullBook(), mind, stopped=stopped)
    assert why
    assert mind.returned == [CHANGES]


async def test_subscribers_hear_once_that_the_book_fails_and_once_that_it_has_recovered() -> None:
    book, mind = RoomLater(), Mind()
    async with Bus() as bus:
        keeper = bus.spawn(BookKeeper, book)
        await bus.started(keeper)
        heard = bus.subscribe(BookFailed, BookRecovered)
        views: list[BookView | None] = []

        async def work(owner: Actor) -> None:
            mine = writer(owner, keeper, mind)
            for book.full in (False, True, True, True, False, False, True):
                mind.pending = CHANGES
                await mine.save(0.0)
                views.append(mine.view)

        with heard:
            await bus.ask(bus.spawn(Owner), work)
            events = [await heard.get() for _ in range(3)]
    why = "[Errno 28] No space left on device"
    assert events == [BookFailed(why), BookRecovered(3), BookFailed(why)]
    assert [(view.failures, bool(view.error)) for view in views if view is not None] == [
        (0, False),
        (1, True),
        (2, True),
        (3, True),
        (3, False),
        (3, False),
        (4, True),
    ]


async def test_where_nothing_changed_nothing_is_written() -> None:
    assert await save(FullBook(), Mind()) == ""


async def test_without_a_book_nothing_is_kept() -> None:
    mind = Mind(CHANGES)
    assert await save(None, mind) == ""
    assert (mind.restored, mind.returned) == ([], [])


async def test_what_has_changed_when_the_owner_stops_is_written_by_the_keeper_before_it_does() -> None:
    book, mind = MemoryBook(), Mind(CHANGES)
    async with Bus() as bus:
        keeper = bus.spawn(BookKeeper, book)

        async def leave(owner: Actor) -> None:
            writer(owner, keeper, mind).leave(0.0)

        await bus.ask(bus.spawn(Owner), leave)
    assert book.peers == {"a" * 64: ENTRY}
