"""The peer book: what is known of peers outlives the process, in memory, in a file, and in the actors that own it."""

from __future__ import annotations

from .book import AddressEntry, Book, BookChanges, BookContents, MemoryBook, PeerEntry, Pin
from .keeper import BOOK_ACTOR, BookKeeper, LoadBook, SaveBook, keeper_of
from .sqlite_book import LINK, SqliteBook, no_book

__all__ = [
    "BOOK_ACTOR",
    "LINK",
    "AddressEntry",
    "Book",
    "BookChanges",
    "BookContents",
    "BookKeeper",
    "LoadBook",
    "MemoryBook",
    "PeerEntry",
    "Pin",
    "SaveBook",
    "SqliteBook",
    "keeper_of",
    "no_book",
]
