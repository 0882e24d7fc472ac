"""A peer book in an SQLite file (write-ahead log): every acknowledged change survives a kill at any moment."""

# Measured with SQLite 3.40: 10 000 transactions a second with synchronous NORMAL, which survives the end of the
# process, 286 with FULL, which survives a loss of power; so bans are written with FULL, and all else with NORMAL.

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import stat
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from ...actors.base import ConfigError, get_logger
from ..facts import MAX_BANS, Ban
from .book import AddressEntry, BookChanges, BookContents, PeerEntry, Pin
from .rows import (
    address_of,
    address_rows,
    ban_of,
    ban_row,
    names_a_foreign_place,
    peer_of,
    peer_row,
    pin_of,
    sequence_of,
    text_of,
)
from .schema import migrate, roll_back

__all__ = ["LINK", "SqliteBook", "no_book"]

log = get_logger("peerbus.discovery")

#: Pages (of 4 KiB, SQLite's own) for each peer and for the rest that the file may have: entries are about half a page.
PAGES_PER_PEER, PAGES_BESIDE = 2, 1024
#: The log is cut to that after it was merged into the file.
LOG_BYTES = 4 * 1024 * 1024
#: Damaged files that are kept beside the book.
MAX_MOVED = 16
#: Addresses of the configuration whose nodes are remembered.
MAX_PINS = 4096
#: Damaged entries that are described.
MAX_DAMAGE = 20
#: What is said of a book that is a link: whoever may make one chooses what is written to, and whose mode is changed.
LINK = "it is a symbolic link; name the file itself"
#: How files in PEM begin (RFC 7468).
_PEM = b"-----BEGIN "
#: SQLite says that the file is no database, or not a sound one.
CORRUPT = frozenset({"SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_CORRUPT_INDEX", "SQLITE_CORRUPT_SEQUENCE"})

_PEER_COLUMNS = (
    "node_id, seen, last_connected, inactive, points, points_at, fixed_score, roles, offers, told_by, told_from, "
    "record, connected_for"
)
_ADDRESS_COLUMNS = "node_id, endpoint, sources, last_success, last_failure, failures"
_BAN_COLUMNS = "target, until, reason, made, automatic"
_COPIED = ("peers", "addresses", "bans", "own", "pins")
#: Endpoints of unknown schemes that are kept of each peer: as many as it has of known ones.
MAX_FOREIGN = 8
#: Where what is read stands, by columns.
_TABLES = {
    _PEER_COLUMNS: "peers",
    _ADDRESS_COLUMNS: "addresses",
    _BAN_COLUMNS: "bans",
    "endpoint, node_id": "pins",
    "name, value": "own",
}


def no_book(descriptor: int) -> str:
    """Why an open file is surely something else than a damaged book, and left alone; nothing where it may be one."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return "it is no file"  # but a device, whose mode is everybody's affair
    if os.pread(descriptor, len(_PEM), 0) == _PEM:
        return "it holds a key or a certificate"
    return ""


class SqliteBook:
    """See the module. At most `most` peers (None: any number) and `MAX_BANS` bans are kept.

    The file is its owner's only (mode 0600).

    A file that is no sound database is moved aside, as `<name>.damaged`, and a new one begun. What is surely something
    else, as a key or a database of another program, is left alone.
    """

    blocking = True

    def __init__(self, path: Path, *, most: int | None = 260) -> None:
        self.path = path
        self._most = most
        self._connection: sqlite3.Connection | None = None
        self._moved: list[str] = []
        #: Endpoints of schemes that nothing here carries, by what stands in the file as their node.
        self._foreign: dict[object, list[str]] = {}
        #: Device and inode of the file that is open.
        self._file: tuple[int, int] | None = None

    def open(self) -> None:
        """As `Book.open`; it is this process's alone until it is closed."""
        try:
            self._connection = self._connect()
        except (_NotSound, sqlite3.DatabaseError) as error:
            if not isinstance(error, _NotSound) and getattr(error, "sqlite_errorname", "") not in CORRUPT:
                raise self._explained(error) from error
            self._move_aside(error)
            self._connection = self._connect()

    def load(self) -> BookContents:
        """As `Book.load`."""
        connection = self._open_connection()
        try:
            with contextlib.suppress(sqlite3.Error):  # a full disk, which keeps nobody from reading
                self._trim(connection)
            return self._contents(connection)
        except sqlite3.Error as error:
            raise OSError(f"{self.path} cannot be read: {error}") from error

    def _contents(self, connection: sqlite3.Connection) -> BookContents:
        damage = self._moved
        addresses: dict[str, list[AddressEntry]] = defaultdict(list)
        foreign: dict[object, list[str]] = defaultdict(list)
        for row in connection.execute(f"SELECT {_ADDRESS_COLUMNS} FROM addresses"):  # noqa: S608  # constant
            if names_a_foreign_place(row[1]):
                foreign[row[0]].append(row[1])
                continue
            with _reported(damage, "address", row):
                addresses[text_of(row[0])].append(address_of(row))
        peers: list[PeerEntry] = []
        for row in connection.execute(f"SELECT {_PEER_COLUMNS} FROM peers"):  # noqa: S608  # constant
            with _reported(damage, "peer", row):
                peers.append(peer_of(row, tuple(addresses[text_of(row[0])])))
        bans: list[Ban] = []
        for row in connection.execute(f"SELECT {_BAN_COLUMNS} FROM bans"):  # noqa: S608  # constant
            with _reported(damage, "ban", row):
                bans.append(ban_of(row))
        pins: list[Pin] = []
        for row in connection.execute("SELECT endpoint, node_id FROM pins LIMIT ?", (MAX_PINS,)):
            if names_a_foreign_place(row[0]):
                continue
            with _reported(damage, "pin", row):
                pins.append(pin_of(row))
        sequence = 0
        for row in connection.execute("SELECT name, value FROM own WHERE name = 'sequence'"):
            with _reported(damage, "number", row):
                sequence = sequence_of(row[1])
        self._moved = []
        self._foreign = {node_id: places[:MAX_FOREIGN] for node_id, places in foreign.items()}
        return BookContents(
            peers=tuple(peers), bans=tuple(bans), pins=tuple(pins), damage=_few(damage), sequence=sequence
        )

    def save(self, changes: BookChanges) -> None:
        """As `Book.save`."""
        connection = self._put_back(self._open_connection())
        try:
            try:
                self._commit(connection, changes)
            except sqlite3.DatabaseError as error:
                if getattr(error, "sqlite_errorname", "") not in CORRUPT:
                    raise
                # Somebody wrote into the file while it was open.
                self._commit(self._replaced(connection, error), changes)
        except sqlite3.Error as error:
            raise OSError(f"{self.path} cannot be written: {error}") from error

    def _commit(self, connection: sqlite3.Connection, changes: BookChanges) -> None:
        durable = bool(changes.bans or changes.lifted or changes.pins or changes.unpinned)
        # The pragma does nothing inside a transaction, so it stands before.
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._write(connection, changes)
            connection.execute("COMMIT")
        except BaseException:
            roll_back(connection)
            raise

    def close(self) -> None:
        """As `Book.close`."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    # Opening.

    def _connect(self) -> sqlite3.Connection:
        try:
            # Made here, as SQLite would make it readable for others; its log gets the same mode from it.
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                if problem := no_book(descriptor):
                    raise OSError(errno.EINVAL, problem)
                os.fchmod(descriptor, 0o600)
                found = os.fstat(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            why = LINK if error.errno == errno.ELOOP else error.strerror
            raise OSError(f"the peer book {self.path} cannot be opened: {why}") from error
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=0.0)
        # A broken text is one entry's damage, not the end of the reading.
        connection.text_factory = lambda data: data.decode(errors="replace")
        try:
            now = self.path.lstat()
            if (now.st_dev, now.st_ino) != (found.st_dev, found.st_ino):
                raise OSError(f"the peer book {self.path} cannot be opened: something else took its place")
            # With an exclusive lock no second node shares it, and the log needs no shared memory.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
            if self._most is not None:
                connection.execute(f"PRAGMA max_page_count = {PAGES_BESIDE + self._most * PAGES_PER_PEER}")
            (sound,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if sound != "ok":
                raise _NotSound(sound)
            migrate(connection, str(self.path))
            try:
                for columns, table in _TABLES.items():
                    connection.execute(f"SELECT {columns} FROM {table} LIMIT 0")  # noqa: S608  # constant
            except sqlite3.OperationalError as error:  # somebody took a table out of it, or a column
                raise _NotSound(str(error)) from error
        except BaseException:
            connection.close()
            raise
        self._file = (found.st_dev, found.st_ino)
        return connection

    def _move_aside(self, error: Exception) -> None:
        aside = self._free_name()
        self.path.replace(aside)
        for suffix in ("-wal", "-shm"):
            log = self.path.with_name(self.path.name + suffix)
            if log.exists():
                log.replace(aside.with_name(aside.name + suffix))
        self._moved.append(f"{self.path} was no sound database ({error}); it is {aside} now, and a new one is begun")

    def _free_name(self) -> Path:
        """Where to put a damaged file: no earlier one is lost, but for the last of many."""
        first = self.path.with_name(f"{self.path.name}.damaged")
        names = [first, *(first.with_name(f"{first.name}.{number}") for number in range(2, MAX_MOVED + 1))]
        return next((name for name in names if not name.exists()), names[-1])

    def _replaced(self, old: sqlite3.Connection, why: Exception) -> sqlite3.Connection:
        """Another file in the place of one that was damaged while it was open, with what can be read of that."""
        try:
            self._move_aside(why)
            new = self._connect()
        except (ConfigError, OSError, sqlite3.Error) as error:
            raise OSError(f"{self.path} is damaged, and cannot be made anew: {error}") from error
        for table in _COPIED:
            with contextlib.suppress(sqlite3.Error):
                _copy(old, new, (table,))
        self._connection = new
        with contextlib.suppress(sqlite3.Error):
            old.close()
        log.warning("the peer book was damaged while it was open", book=str(self.path), what=self._moved.pop())
        return new

    def _put_back(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        """Where the file is gone, or another one is in its place, write all that was in it to a new one there."""
        try:
            found = self.path.lstat()
            there = (found.st_dev, found.st_ino)
        except FileNotFoundError:
            there = None
        if there is not None and there == self._file:
            return connection
        try:
            if there is not None:
                self._move_aside(Exception("it took the place of the book while that was open"))
            for suffix in ("-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            new = self._connect()
            try:
                # Not by `backup`, which cannot write into a log: the rows, in one transaction.
                _copy(connection, new)
            except BaseException:
                new.close()
                raise
        except (ConfigError, OSError, sqlite3.Error) as error:
            self._file = None
            raise OSError(f"{self.path} has vanished, and cannot be made anew: {error}") from error
        self._connection = new
        connection.close()
        log.warning("the peer book had vanished and was written anew", book=str(self.path))
        return new

    def _explained(self, error: Exception) -> ConfigError | OSError:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_BUSY":
            return ConfigError(f"the peer book {self.path} is in use by another process: give each node its own")
        return OSError(f"the peer book {self.path} cannot be opened: {error}")

    def _open_connection(self) -> sqlite3.Connection:
        if self._connection is None:
            raise OSError(f"the peer book {self.path} is not open")
        return self._connection

    # Writing.

    def _write(self, connection: sqlite3.Connection, changes: BookChanges) -> None:
        gone = [(node_id,) for node_id in changes.gone]
        connection.executemany("DELETE FROM peers WHERE node_id = ?", gone)
        for node_id in changes.gone:
            self._foreign.pop(node_id, None)
        for node_id in (*changes.gone, *(entry.node_id for entry in changes.peers)):
            kept = self._foreign.get(node_id, ())
            connection.execute(
                f"DELETE FROM addresses WHERE node_id = ? AND endpoint NOT IN ({', '.join('?' * len(kept))})",  # noqa: S608  # marks
                (node_id, *kept),
            )
        connection.executemany(
            f"INSERT OR REPLACE INTO peers ({_PEER_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  # constant
            map(peer_row, changes.peers),
        )
        connection.executemany(
            f"INSERT INTO addresses ({_ADDRESS_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608  # constant
            [row for entry in changes.peers for row in address_rows(entry)],
        )
        connection.executemany("DELETE FROM bans WHERE target = ?", [(str(target),) for target in changes.lifted])
        connection.executemany(
            "INSERT OR REPLACE INTO bans (target, until, reason, made, automatic) VALUES (?, ?, ?, ?, ?)",
            map(ban_row, changes.bans),
        )
        connection.executemany("DELETE FROM pins WHERE endpoint = ?", [(str(place),) for place in changes.unpinned])
        connection.executemany(
            "INSERT OR REPLACE INTO pins (endpoint, node_id) VALUES (?, ?)",
            [(str(pin.endpoint), pin.node_id) for pin in changes.pins],
        )
        if changes.sequence:
            connection.execute("INSERT OR REPLACE INTO own (name, value) VALUES ('sequence', ?)", (changes.sequence,))

    def _trim(self, connection: sqlite3.Connection) -> None:
        """Forget the peers beyond the limit that were connected longest ago, and addresses of nobody."""
        connection.execute(
            "DELETE FROM peers WHERE node_id NOT IN (SELECT node_id FROM peers ORDER BY "
            "last_connected IS NULL, last_connected DESC, seen DESC LIMIT ?)",
            (-1 if self._most is None else self._most,),
        )
        connection.execute("DELETE FROM addresses WHERE node_id NOT IN (SELECT node_id FROM peers)")
        for automatic in (0, 1):
            connection.execute(
                "DELETE FROM bans WHERE automatic = ? AND target NOT IN "
                "(SELECT target FROM bans WHERE automatic = ? ORDER BY until IS NULL DESC, until DESC LIMIT ?)",
                (automatic, automatic, MAX_BANS),
            )


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, tables: tuple[str, ...] = _COPIED) -> None:
    """All rows of a book, or of some of its tables, into another one that is empty."""
    new.execute("BEGIN IMMEDIATE")
    try:
        for table in tables:
            rows = old.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608  # constant
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                new.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows)  # noqa: S608  # constant
        new.execute("COMMIT")
    except BaseException:
        roll_back(new)
        raise


class _NotSound(Exception):
    """The file is a database, and its pages contradict each other."""


@contextlib.contextmanager
def _reported(damage: list[str], what: str, row: tuple[object, ...]) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001  # what a reader makes of a damaged row is that row's damage
        damage.append(f"{what} {str(row[0])[:80]!r} cannot be read and is skipped: {error}")


def _few(damage: list[str]) -> tuple[str, ...]:
    if len(damage) <= MAX_DAMAGE:
        return tuple(damage)
    return (*damage[:MAX_DAMAGE], f"and {len(damage) - MAX_DAMAGE} more")
