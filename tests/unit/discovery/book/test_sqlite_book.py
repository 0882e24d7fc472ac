"""The peer book in a file: what it keeps, what it survives, and whom it refuses."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from entries_of_a_book import BANS, entry, node

from peerbus.discovery.book.book import Book, BookChanges, MemoryBook, PeerEntry, Pin
from peerbus.discovery.book.sqlite_book import SqliteBook
from peerbus.discovery.facts.bans import Ban
from peerbus.transports.streams.endpoint import Endpoint


def test_pins_outlive_the_process_until_they_are_taken_out(book: Book) -> None:
    here, there = Endpoint.parse("tcp://10.0.0.1:7000"), Endpoint.parse("tcp://10.0.0.2:7000")
    book.open()
    book.save(BookChanges(pins=(Pin(here, node(1)), Pin(there, node(2)))))
    assert set(book.load().pins) == {Pin(here, node(1)), Pin(there, node(2))}
    book.save(BookChanges(unpinned=(here,)))
    assert book.load().pins == (Pin(there, node(2)),)
    book.close()


def test_a_ban_that_this_node_made_itself_comes_back_as_one(book: Book) -> None:
    ban = Ban(node(3), 2e9, "forged_record", 1e9, automatic=True)
    book.open()
    book.save(BookChanges(bans=(ban,)))
    assert book.load().bans == (ban,)
    book.close()


def places_in(path: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(path)) as file:
        return {endpoint for (endpoint,) in file.execute("SELECT endpoint FROM addresses")}


def test_places_that_nothing_here_carries_are_no_damage_and_stay_until_their_peer_is_gone(tmp_path: Path) -> None:
    path, place = tmp_path / "peers.db", "later+udp://10.0.0.7:7400/x"
    book = SqliteBook(path)
    book.open()
    book.save(BookChanges(peers=(entry(1), entry(2))))
    book.close()
    known = places_in(path)
    with contextlib.closing(sqlite3.connect(path)) as file:  # as a program with a carrier more has written it
        for number in (1, 2):
            file.execute("INSERT INTO addresses (node_id, endpoint) VALUES (?, ?)", (node(number), place))
        file.execute("INSERT INTO pins (endpoint, node_id) VALUES (?, ?)", (place, node(1)))
        file.commit()
    book.open()
    contents = book.load()
    assert contents.damage == ()
    assert {one.node_id: one for one in contents.peers} == {node(1): entry(1), node(2): entry(2)}
    book.save(BookChanges(peers=(entry(1),)))
    book.close()
    assert places_in(path) == known | {place}
    book.open()
    assert book.load().damage == ()
    book.save(BookChanges(gone=(node(1), node(2))))
    book.close()
    assert places_in(path) == set()


@pytest.fixture(params=["memory", "sqlite"])
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Book:
    return MemoryBook() if request.param == "memory" else SqliteBook(tmp_path / "peers.db")


def test_what_was_saved_is_loaded(book: Book) -> None:
    book.open()
    book.save(BookChanges(peers=(entry(1), entry(2)), bans=BANS))
    contents = book.load()
    book.close()
    assert {one.node_id: one for one in contents.peers} == {node(1): entry(1), node(2): entry(2)}
    assert set(contents.bans) == set(BANS)
    assert contents.damage == ()


def test_an_entry_takes_the_place_of_the_older_one_and_what_is_gone_is_gone(book: Book) -> None:
    book.open()
    book.save(BookChanges(peers=(entry(1), entry(2)), bans=BANS))
    newer = PeerEntry(node_id=node(1), seen=2e9)
    book.save(BookChanges(peers=(newer,), gone=(node(2),), lifted=(BANS[1].target,)))
    contents = book.load()
    book.close()
    assert contents.peers == (newer,)
    assert contents.bans == BANS[:1]


def test_a_second_life_finds_what_the_first_saved_in_a_file_that_is_its_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "peers.db"
    for life in range(3):
        book = SqliteBook(path)
        book.open()
        assert len(book.load().peers) == life
        book.save(BookChanges(peers=(entry(life),)))
        modes = {found.name: found.stat().st_mode & 0o777 for found in tmp_path.iterdir()}
        assert set(modes.values()) == {0o600}, modes
        book.close()
        book.close()


def test_a_file_that_others_can_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "peers.db"
    path.touch(mode=0o644)
    book = SqliteBook(path)
    book.open()
    book.close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_book_holds_no_more_peers_than_it_may_and_forgets_who_was_connected_longest_ago(tmp_path: Path) -> None:
    path = tmp_path / "peers.db"
    large = SqliteBook(path)
    large.open()
    peers = [entry(number, last_connected=float(number) if number else None) for number in range(20)]
    large.save(BookChanges(peers=tuple(peers)))
    large.close()
    small = SqliteBook(path, most=5)
    small.open()
    assert {one.node_id for one in small.load().peers} == {node(number) for number in range(15, 20)}
    small.close()


def test_a_file_that_is_full_says_so_and_keeps_what_it_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peerbus.discovery.book.sqlite_book.PAGES_BESIDE", 20)
    book = SqliteBook(tmp_path / "peers.db", most=1)
    book.open()
    book.save(BookChanges(peers=(entry(1),)))
    with pytest.raises(OSError, match="cannot be written"):
        book.save(BookChanges(peers=tuple(entry(number) for number in range(2, 2000))))
    assert book.load().peers == (entry(1),)
    book.close()


def test_a_book_that_is_not_open_takes_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not open"):
        SqliteBook(tmp_path / "peers.db").save(BookChanges(peers=(entry(1),)))


WRITER = textwrap.dedent("""
    import sys
    from pathlib import Path
    from peerbus.discovery.bans import Ban
    from peerbus.discovery.book import AddressEntry, BookChanges, PeerEntry
    from peerbus.discovery.sqlite_book import SqliteBook
    from peerbus.transports.endpoint import Endpoint

    book = SqliteBook(Path(sys.argv[1]), most=0)
    book.open()
    number = 0
    while True:
        where = AddressEntry(endpoint=Endpoint("tcp", host="10.0.0.1", port=number % 60000 + 1), sources=("mdns",))
        peer = PeerEntry(node_id=f"{number:064x}", seen=1.0, addresses=(where,))
        bans = (Ban(f"{number:064x}", 1e12, "test"),) if number % 50 == 0 else ()
        book.save(BookChanges(peers=(peer,), bans=bans))
        print(number, flush=True)  # acknowledged
        number += 1
""")


@pytest.mark.parametrize("acknowledged", [1, 40, 333])
def test_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path: Path, acknowledged: int) -> None:
    path = tmp_path / "peers.db"
    writer = subprocess.Popen([sys.executable, "-P", "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    told = -1
    for line in writer.stdout:
        told = int(line)
        if told >= acknowledged:
            break
    writer.send_signal(signal.SIGKILL)
    rest = [int(line) for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    told = max([told, *rest])
    writer.stdout.close()
    writer.wait()
    book = SqliteBook(path, most=0)
    book.open()
    contents = book.load()
    book.close()
    assert contents.damage == ()
    found = {one.node_id for one in contents.peers if one.addresses}
    assert {node(number) for number in range(told + 1)} <= found
    assert {node(number) for number in range(0, told + 1, 50)} <= {ban.target for ban in contents.bans}


def test_a_ban_keeps_when_it_was_made_and_the_number_of_the_last_record_is_kept(tmp_path: Path) -> None:
    book = SqliteBook(tmp_path / "peers.db")
    book.open()
    book.save(BookChanges(bans=(Ban(node(1), 2e9, "operator", 1.9e9),), sequence=2**53 - 1))
    book.save(BookChanges(peers=(entry(1),)))
    contents = book.load()
    book.close()
    assert contents.sequence == 2**53 - 1
    assert [ban.made for ban in contents.bans] == [1.9e9]
