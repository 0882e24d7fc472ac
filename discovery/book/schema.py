"""The tables of a peer book in SQLite, and how an older file becomes one of today."""

from __future__ import annotations

import contextlib
import sqlite3

from ...actors.base import ConfigError

__all__ = ["APPLICATION", "MIGRATIONS", "VERSION", "migrate", "roll_back"]

#: Stands in the header of the file (PRAGMA application_id): "pbus".
APPLICATION = 0x70627573

#: What makes each version of the one before it; version 0 is an empty file. Never change one: add one.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE peers (
            node_id TEXT PRIMARY KEY,
            seen REAL NOT NULL,
            last_connected REAL,
            inactive TEXT NOT NULL DEFAULT '',
            points TEXT NOT NULL DEFAULT '{}',
            points_at REAL NOT NULL DEFAULT 0
        ) WITHOUT ROWID""",
        """CREATE TABLE addresses (
            node_id TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            sources TEXT NOT NULL DEFAULT '[]',
            last_success REAL,
            last_failure REAL,
            failures INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (node_id, endpoint)
        ) WITHOUT ROWID""",
        "CREATE TABLE bans (target TEXT PRIMARY KEY, until REAL, reason TEXT NOT NULL) WITHOUT ROWID",
    ),
    (
        "ALTER TABLE peers ADD COLUMN fixed_score REAL",
        "ALTER TABLE peers ADD COLUMN roles TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE peers ADD COLUMN offers TEXT",
        "ALTER TABLE peers ADD COLUMN told_by TEXT",
        "ALTER TABLE peers ADD COLUMN told_from TEXT",
        "ALTER TABLE peers ADD COLUMN record BLOB",
    ),
    (
        "ALTER TABLE bans ADD COLUMN made REAL",
        "CREATE TABLE own (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    ),
    (
        "ALTER TABLE bans ADD COLUMN automatic INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE peers ADD COLUMN connected_for REAL NOT NULL DEFAULT 0",
        "CREATE TABLE pins (endpoint TEXT PRIMARY KEY, node_id TEXT NOT NULL) WITHOUT ROWID",
    ),
)
#: The version that this program writes.
VERSION = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Bring an open file to today's version, each step in a transaction of its own.

    Raises ConfigError for a database of another program, and for a version that this one does not know.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application not in (0, APPLICATION) or (application == 0 and tables):
        raise ConfigError(f"{name} is a database of another program, not a peer book: name another file")
    if version > VERSION:
        raise ConfigError(
            f"{name} is a peer book of version {version}, and this program knows versions up to {VERSION}: "
            f"run the newer program, or name another file"
        )
    for number, statements in enumerate(MIGRATIONS[version:], version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            roll_back(connection)
            raise


def roll_back(connection: sqlite3.Connection) -> None:
    """End the open transaction, if SQLite has not done so itself (a full disk), and never hide why."""
    if connection.in_transaction:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
