"""The peer book in a file: what it keeps, what it survives, and whom it refuses."""

from __future__ import annotations

import ipaddress
import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.discovery.book.book import AddressEntry, Book, BookChanges, MemoryBook, PeerEntry, Pin
from peerbus.discovery.book.schema import APPLICATION, MIGRATIONS, VERSION
from peerbus.discovery.book.sqlite_book import SqliteBook
from peerbus.discovery.facts.bans import Ban
from peerbus.discovery.facts.scores import ScoreReason
from peerbus.transports.streams.endpoint import Endpoint


def node(number: int) -> str:
    return f"{number:064x}"


def entry(number: int, *, last_connected: float | None = 5e8) -> PeerEntry:
    return PeerEntry(
        node_id=node(number),
        seen=1e9 + number,
        last_connected=last_connected,
        inactive="network",
        fixed_score=3.5,
        points=((ScoreReason.USEFUL, 2.0), (ScoreReason.TOO_SOON, -5.0)),
        points_at=1e9,
        roles=("archive",),
        offers=("archive{from=1000}", "index"),
        told_by=node(77),
        told_from="10.9.0.0/16",
        connected_for=61.5,
        record=b"\x00signed",
        addresses=(
            AddressEntry(
                endpoint=Endpoint.parse("tcp://10.0.0.1:7000"), sources=("mdns",), last_success=5e8, failures=2
            ),
            AddressEntry(endpoint=Endpoint.parse("tcp://a.name:7000"), sources=(), last_failure=6e8),
        ),
    )


BANS = (Ban(node(9), math.inf, "operator"), Ban(ipaddress.ip_network("10.0.0.0/8"), 2e9, "flood"))


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


@pytest.mark.parametrize(
    ("statement", "lost"),
    [
        ("UPDATE peers SET points = 'no json' WHERE node_id = ?", "peer"),
        ("UPDATE peers SET points = '{\"no such reason\": 1}' WHERE node_id = ?", "peer"),
        ("UPDATE peers SET points = '[]' WHERE node_id = ?", "peer"),
        ("UPDATE peers SET points = replace(hex(zeroblob(30000)), '0', '[') WHERE node_id = ?", "peer"),
        ("UPDATE peers SET points = '{\"useful\": 1' || hex(zeroblob(200)) || '}' WHERE node_id = ?", "peer"),
        ("UPDATE peers SET fixed_score = 1e9 WHERE node_id = ?", "peer"),
        ("UPDATE peers SET roles = '[\"\\ud800\"]' WHERE node_id = ?", "peer"),
        ("UPDATE peers SET offers = '[\"archive{\"]' WHERE node_id = ?", "peer"),
        ("UPDATE addresses SET sources = '[\"\\ud800\"]' WHERE node_id = ?", "address"),
        ("UPDATE peers SET seen = 'yesterday' WHERE node_id = ?", "peer"),
        ("UPDATE peers SET seen = 9e999 WHERE node_id = ?", "peer"),
        ("UPDATE peers SET offers = X'ff00' WHERE node_id = ?", "peer"),
        ("UPDATE peers SET inactive = CAST(X'ff' AS TEXT), roles = 7 WHERE node_id = ?", "peer"),
        ("UPDATE peers SET node_id = 'nobody' WHERE node_id = ?", "peer"),
        ("UPDATE addresses SET endpoint = 'nowhere' || endpoint WHERE node_id = ?", "address"),
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


def test_a_ban_keeps_when_it_was_made_and_the_number_of_the_last_record_is_kept(tmp_path: Path) -> None:
    book = SqliteBook(tmp_path / "peers.db")
    book.open()
    book.save(BookChanges(bans=(Ban(node(1), 2e9, "operator", 1.9e9),), sequence=2**53 - 1))
    book.save(BookChanges(peers=(entry(1),)))
    contents = book.load()
    book.close()
    assert contents.sequence == 2**53 - 1
    assert [ban.made for ban in contents.bans] == [1.9e9]
