"""The keeper opens a book, writes what it is told, and closes it: on a thread of its own where a book blocks."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest
from virtual_time import in_virtual_time, log_of_the_loop

from peerbus.actors import Bus, ConfigError
from peerbus.discovery.book.book import BookChanges, BookContents, MemoryBook, PeerEntry
from peerbus.discovery.book.keeper import BOOK_ACTOR, BookKeeper, LoadBook, SaveBook, ThreadBookKeeper, keeper_of

ENTRY = PeerEntry(node_id="a" * 64, seen=1e9)


@dataclass(slots=True)
class WatchedBook(MemoryBook):
    """Notes what is done to it, and on which thread."""

    done: list[tuple[str, int]] = field(default_factory=list)
    fails: bool = False

    def open(self) -> None:
        """Note it."""
        self.done.append(("open", threading.get_ident()))

    def load(self) -> BookContents:
        """With some damage."""
        return BookContents(peers=tuple(self.peers.values()), damage=("one entry",))

    def save(self, changes: BookChanges) -> None:
        """Note it, and fail where it is to."""
        self.done.append(("save", threading.get_ident()))
        if self.fails:
            raise OSError(28, "No space left on device")
        MemoryBook.save(self, changes)

    def close(self) -> None:
        """Note it."""
        self.done.append(("close", threading.get_ident()))


async def kept(book: WatchedBook) -> str:
    """Run its keeper on a bus, save and load; return what the save said."""
    async with Bus() as bus:
        keeper = bus.spawn(keeper_of(book), book, name=BOOK_ACTOR)
        said = await bus.ask(keeper, SaveBook(BookChanges(peers=(ENTRY,))), reply=str)
        contents = await bus.ask(keeper, LoadBook(), reply=BookContents)
        assert contents.peers == (() if book.fails else (ENTRY,))
    assert [what for what, _ in book.done] == ["open", "save", "close"]
    return said


@in_virtual_time
async def test_a_book_is_opened_written_and_closed_on_the_loop() -> None:
    book = WatchedBook()
    assert await kept(book) == ""
    assert {thread for _, thread in book.done} == {threading.get_ident()}
    (line,) = [line for line in log_of_the_loop().lines if line["event"] == "the peer book was damaged"]
    assert line["what"] == "one entry"


async def test_one_that_blocks_has_a_thread_for_itself() -> None:
    book = WatchedBook(blocking=True)
    assert keeper_of(book) is ThreadBookKeeper
    assert await kept(book) == ""
    assert len({thread for _, thread in book.done} - {threading.get_ident()}) == 1


@in_virtual_time
async def test_a_save_that_fails_says_why_and_the_keeper_goes_on() -> None:
    book = WatchedBook(fails=True)
    assert "No space left" in await kept(book)
    (line,) = [line for line in log_of_the_loop().lines if line["event"] == "the peer book cannot be written"]
    assert line["level"] == "error"


async def test_a_book_that_cannot_be_opened_fails_the_start() -> None:
    class Closed(MemoryBook):
        def open(self) -> None:
            raise ConfigError("it is another program's")

    assert keeper_of(Closed()) is BookKeeper
    async with Bus() as bus:
        with pytest.raises(ConfigError, match="another program"):
            await bus.started(bus.spawn(BookKeeper, Closed()))
