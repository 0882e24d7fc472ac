"""The values of a peer book, and the book that forgets."""

from __future__ import annotations

import dataclasses
import math

import pytest

from peerbus.discovery.book.book import AddressEntry, BookChanges, MemoryBook, PeerEntry
from peerbus.discovery.facts.bans import Ban
from peerbus.transports.streams.endpoint import Endpoint

A, B = "a" * 64, "b" * 64
BAN = Ban(A, math.inf, "operator")


def entry(node_id: str, seen: float = 1e9) -> PeerEntry:
    return PeerEntry(node_id=node_id, seen=seen)


@pytest.mark.parametrize(
    "changes",
    [BookChanges(peers=(entry(A),)), BookChanges(gone=(A,)), BookChanges(bans=(BAN,)), BookChanges(lifted=(A,))],
)
def test_changes_are_true_where_there_is_anything_to_write(changes: BookChanges) -> None:
    assert changes
    assert not BookChanges()


def test_entries_are_frozen_values_whose_fields_are_named() -> None:
    address = AddressEntry(endpoint=Endpoint.parse("tcp://10.0.0.1:7000"), sources=("mdns",))
    assert address == dataclasses.replace(address)
    with pytest.raises(dataclasses.FrozenInstanceError):
        address.failures = 1  # type: ignore[misc]  # the point
    with pytest.raises(TypeError):
        PeerEntry(A, 1e9)  # type: ignore[call-arg]  # the point


def test_it_holds_what_was_saved_last_until_that_is_taken_out() -> None:
    book = MemoryBook()
    assert not book.blocking
    book.open()
    book.save(BookChanges(peers=(entry(A), entry(B)), bans=(BAN,)))
    book.save(BookChanges(peers=(entry(A, 2e9),), gone=(B,)))
    contents = book.load()
    assert (contents.peers, contents.bans) == ((entry(A, 2e9),), (BAN,))
    book.save(BookChanges(gone=(A, "c" * 64), lifted=(A,)))
    assert (book.load().peers, book.load().bans) == ((), ())


def test_what_comes_and_goes_in_one_save_is_there_after_it() -> None:
    book = MemoryBook()
    book.save(BookChanges(peers=(entry(A),), gone=(A,), bans=(BAN,), lifted=(A,)))
    assert (book.load().peers, book.load().bans) == ((entry(A),), (BAN,))


def test_a_closed_book_can_be_opened_again_by_its_owner() -> None:
    book = MemoryBook()
    book.save(BookChanges(peers=(entry(A),)))
    book.close()
    book.close()
    book.open()
    assert book.load().peers == (entry(A),)
