"""The peer book in a file that is damaged, old, foreign, full or gone."""

from __future__ import annotations

import json
import math
import os
import sqlite3
from pathlib import Path

import pytest
from entries_of_a_book import BANS, entry, node

from peerbus.actors.base.errors import ConfigError
from peerbus.discovery.book.book import AddressEntry, Book, BookChanges, MemoryBook, PeerEntry
from peerbus.discovery.book.schema import APPLICATION, MIGRATIONS, VERSION
from peerbus.discovery.book.sqlite_book import SqliteBook
from peerbus.discovery.facts.bans import Ban
from peerbus.discovery.facts.scores import ScoreReason
from peerbus.transports.streams.endpoint import Endpoint


@pytest.fixture(params=["memory", "sqlite"])
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Book:
    return MemoryBook() if request.param == "memory" else SqliteBook(tmp_path / "peers.db")


@pytest.mark.parametrize(
    ("statement", "lost"),
    [
        ("UPDATE peers SET points = 'no json' WHERE node_id = ?", "peer"),
        ('UPDATE peers SET points = \'{"useful": "many"}\' WHERE node_id = ?', "peer"),
        ("UPDATE peers SET points = '[]' WHERE node_id = ?", "peer"),
        ("UPDATE peers SET points = replace(hex(zeroblob(30000)), '0', '[') WHERE node_id = ?", "peer"),
        ("UPDATE peers SET points = '{\"useful\": 1' || hex(zeroblob(200)) || '}' WHERE node_id = ?", "peer"),
        ("UPDATE peers SET fixed_score = 1e9 WHERE node_id = ?", "peer"),
        ("UPDATE peers SET roles = '[\"\\ud800\"]' WHERE node_id = ?", "peer"),
        ("UPDATE peers SET offers = '[1]' WHERE node_id = ?", "peer"),
        ("UPDATE addresses SET sources = '[\"\\ud800\"]' WHERE node_id = ?", "address"),
        ("UPDATE peers SET seen = 'yesterday' WHERE node_id = ?", "peer"),
        ("UPDATE peers SET seen = 9e999 WHERE node_id = ?", "peer"),
        ("UPDATE peers SET offers = X'ff00' WHERE node_id = ?", "peer"),
        ("UPDATE peers SET inactive = CAST(X'ff' AS TEXT), roles = 7 WHERE node_id = ?", "peer"),
        ("UPDATE peers SET node_id = 'nobody' WHERE node_id = ?", "peer"),
        ("UPDATE addresses SET endpoint = 'no where' || endpoint WHERE node_id = ?", "address"),
        ("UPDATE addresses SET failures = -1 WHERE node_id = ?", "address"),
    ],
)
def test_one_damaged_entry_is_reported_and_skipped_and_the_others_are_there(
    tmp_path: Path, statement: str, lost: str
) -> None:
    path = tmp_path / "peers.db"
    book = SqliteBook(path)
    book.open()
    book.save(BookChanges(peers=(entry(1), entry(2), entry(3)), bans=BANS))
    book.close()
    with sqlite3.connect(path) as connection:
        connection.execute(statement, (node(2),))
    connection.close()
    book = SqliteBook(path)
    book.open()
    contents = book.load()
    book.close()
    found = {one.node_id: one for one in contents.peers}
    assert (found[node(1)], found[node(3)]) == (entry(1), entry(3))
    assert (node(2) in found) == (lost == "address")
    assert contents.damage
    assert all(text.startswith(lost) and "is skipped" in text for text in contents.damage)
    assert len(contents.bans) == 2


@pytest.mark.parametrize(
    "statement", ["DROP TABLE pins", "DROP TABLE peers", "ALTER TABLE bans RENAME COLUMN made TO done"]
)
def test_a_book_that_lacks_a_table_or_a_column_is_moved_aside(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "peers.db"
    book = SqliteBook(path)
    book.open()
    book.close()
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()
    book = SqliteBook(path)
    book.open()
    assert "no such" in book.load().damage[0]
    book.save(BookChanges(peers=(entry(1),)))
    book.close()
    assert path.with_name("peers.db.damaged").exists()


def test_a_damaged_ban_is_reported_and_skipped(tmp_path: Path) -> None:
    path = tmp_path / "peers.db"
    book = SqliteBook(path)
    book.open()
    book.save(BookChanges(bans=BANS))
    book.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE bans SET target = 'everybody' WHERE reason = 'flood'")
    connection.close()
    book = SqliteBook(path)
    book.open()
    contents = book.load()
    book.close()
    assert contents.bans == BANS[:1]
    assert len(contents.damage) == 1


@pytest.mark.parametrize("damage", ["no database", "cut", "scribbled"])
def test_a_file_that_is_no_sound_database_is_moved_aside_and_a_new_one_begun(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "peers.db"
    book = SqliteBook(path)
    book.open()
    book.save(BookChanges(peers=tuple(entry(number) for number in range(100))))
    book.close()
    content = path.read_bytes()
    if damage == "no database":
        content = b"a text that somebody saved under this name\n" * 100
    elif damage == "cut":
        content = content[: len(content) // 2 + 77]
    else:
        content = content[:4096] + b"\xa5" * 8192 + content[12288:]
    path.write_bytes(content)
    book = SqliteBook(path)
    book.open()
    contents = book.load()
    assert contents.peers == ()
    (told,) = contents.damage
    assert "no sound database" in told
    assert path.with_name("peers.db.damaged").read_bytes() == content
    book.save(BookChanges(peers=(entry(1),)))
    book.close()
    book = SqliteBook(path)
    book.open()
    assert book.load().peers == (entry(1),)
    book.close()


def test_a_book_of_the_first_version_becomes_one_of_today_with_all_that_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "peers.db"
    connection = sqlite3.connect(path)
    for statement in MIGRATIONS[0]:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute("PRAGMA user_version = 1")
    connection.execute(
        "INSERT INTO peers VALUES (?, 1e9, 5e8, 'network', ?, 1e9)", (node(1), json.dumps({"useful": 2.0}))
    )
    connection.execute("INSERT INTO addresses VALUES (?, 'tcp://10.0.0.1:1', '[\"mdns\"]', 5e8, NULL, 3)", (node(1),))
    connection.execute("INSERT INTO bans VALUES (?, NULL, 'operator')", (node(9),))
    connection.commit()
    connection.close()
    book = SqliteBook(path)
    book.open()
    contents = book.load()
    book.save(BookChanges(peers=(entry(2),)))
    book.close()
    address = AddressEntry(endpoint=Endpoint.parse("tcp://10.0.0.1:1"), sources=("mdns",), last_success=5e8, failures=3)
    old = PeerEntry(
        node_id=node(1),
        seen=1e9,
        last_connected=5e8,
        inactive="network",
        points=((ScoreReason.USEFUL, 2.0),),
        points_at=1e9,
        addresses=(address,),
    )
    assert contents.peers == (old,)
    assert contents.bans == (Ban(node(9), math.inf, "operator"),)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    connection.close()


def test_a_book_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "peers.db"
    book = SqliteBook(path)
    book.open()
    book.close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(ConfigError, match=f"version {VERSION + 1}, and this program knows versions up to {VERSION}"):
        SqliteBook(path).open()
    assert not path.with_name("peers.db.damaged").exists()


def test_a_key_and_a_device_are_no_damaged_books_and_left_alone(tmp_path: Path) -> None:
    key, device = tmp_path / "alice.pem", tmp_path / "device"
    key.write_bytes(b"-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n")
    key.chmod(0o640)
    os.mkfifo(device)
    device.chmod(0o666)
    for path, mode, why in ((key, 0o640, "it holds a key or a certificate"), (device, 0o666, "it is no file")):
        with pytest.raises(OSError, match=f"the peer book {path} cannot be opened: {why}"):
            SqliteBook(path).open()
        assert path.stat().st_mode & 0o777 == mode
    assert sorted(each.name for each in tmp_path.iterdir()) == ["alice.pem", "device"]


def test_a_link_is_no_book_and_what_it_leads_to_is_left_alone(tmp_path: Path) -> None:
    precious, link = tmp_path / "precious", tmp_path / "peers.db"
    precious.write_bytes(b"")
    precious.chmod(0o644)
    for target in (precious, tmp_path / "nothing"):
        link.symlink_to(target)
        with pytest.raises(OSError, match=f"the peer book {link} cannot be opened: it is a symbolic link"):
            SqliteBook(link).open()
        link.unlink()
    assert (precious.read_bytes(), precious.stat().st_mode & 0o777) == (b"", 0o644)
    assert not (tmp_path / "nothing").exists()


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE precious (thing TEXT)")
    connection.close()
    with pytest.raises(ConfigError, match="another program"):
        SqliteBook(path).open()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM precious").fetchone() == (0,)
    connection.close()


def test_a_book_that_is_in_use_and_one_that_cannot_be_made_are_refused_with_what_to_do(tmp_path: Path) -> None:
    first = SqliteBook(tmp_path / "peers.db")
    first.open()
    with pytest.raises(ConfigError, match="in use by another process: give each node its own"):
        SqliteBook(tmp_path / "peers.db").open()
    first.close()
    with pytest.raises(OSError, match="cannot be opened"):
        SqliteBook(tmp_path / "no such folder" / "peers.db").open()


def test_a_full_disk_is_told_as_that_and_the_book_goes_on_when_there_is_room(tmp_path: Path) -> None:
    book = SqliteBook(tmp_path / "peers.db")
    book.open()
    connection = book._open_connection()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    many = BookChanges(peers=tuple(entry(number) for number in range(200)))
    with pytest.raises(OSError, match="full"):  # not "cannot rollback - no transaction is active"
        book.save(many)
    connection.execute("PRAGMA max_page_count = 1000000")
    book.save(many)
    assert len(book.load().peers) == 200
    book.close()


def test_a_second_damaged_file_leaves_the_first_alone(tmp_path: Path) -> None:
    path = tmp_path / "peers.db"
    for content in (b"first" * 1000, b"second" * 1000, b"third" * 1000):
        path.write_bytes(content)
        book = SqliteBook(path)
        book.open()
        book.close()
    damaged = [path.with_name(f"peers.db.damaged{suffix}").read_bytes() for suffix in ("", ".2", ".3")]
    assert damaged == [b"first" * 1000, b"second" * 1000, b"third" * 1000]


@pytest.mark.parametrize("how", ["deleted", "moved", "another"])
def test_a_file_that_vanished_is_written_anew_with_all_that_was_in_it(tmp_path: Path, how: str) -> None:
    path = tmp_path / "peers.db"
    book = SqliteBook(path)
    book.open()
    book.save(BookChanges(peers=(entry(1),), bans=BANS, sequence=7))
    if how == "moved":
        path.rename(tmp_path / "moved.db")
    else:
        path.unlink()
    if how == "another":
        path.write_bytes(b"somebody else's")
    book.save(BookChanges(peers=(entry(2),)))
    book.close()
    again = SqliteBook(path)
    again.open()
    contents = again.load()
    again.close()
    assert {one.node_id for one in contents.peers} == {node(1), node(2)}
    assert (set(contents.bans), contents.sequence) == (set(BANS), 7)


def test_a_book_whose_folder_vanished_says_so_each_time_and_is_whole_when_there_is_one_again(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    book = SqliteBook(folder / "peers.db")
    book.open()
    book.save(BookChanges(peers=(entry(1),), bans=BANS))
    for each in folder.iterdir():
        each.unlink()
    folder.rmdir()
    for number in (2, 3):
        with pytest.raises(OSError, match="has vanished, and cannot be made anew"):
            book.save(BookChanges(peers=(entry(number),)))
    folder.mkdir()
    book.save(BookChanges(peers=(entry(4),)))
    book.close()
    again = SqliteBook(folder / "peers.db")
    again.open()
    contents = again.load()
    again.close()
    assert {one.node_id for one in contents.peers} == {node(1), node(4)}
    assert set(contents.bans) == set(BANS)


def test_a_file_that_was_written_into_is_moved_aside_and_made_anew_while_it_is_open(tmp_path: Path) -> None:
    path = tmp_path / "peers.db"
    book = SqliteBook(path)
    book.open()
    book.save(BookChanges(peers=(entry(1),), bans=BANS))
    book.close()
    book.open()
    os.truncate(path, 100)
    path.with_name("peers.db-wal").unlink(missing_ok=True)
    book.save(BookChanges(peers=(entry(2),), bans=BANS))
    book.save(BookChanges(peers=(entry(3),)))
    book.close()
    again = SqliteBook(path)
    again.open()
    contents = again.load()
    again.close()
    assert {one.node_id for one in contents.peers} >= {node(2), node(3)}
    assert set(contents.bans) == set(BANS)
    assert path.with_name("peers.db.damaged").exists()
