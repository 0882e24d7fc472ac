"""What a replica remembers, in a file that a kill does not spoil: SQLite."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from .messages import Entry, Version


class Store:
    """Entries by key. `path`: None keeps them in memory, and forgets them at the end."""

    def __init__(self, path: Path | None = None) -> None:
        # Several threads may call it, one at a time: its actor handles one message at a time.
        self._file = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = FULL")  # what was answered is on the disk
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS entries"
            " (key TEXT PRIMARY KEY, value TEXT, number INTEGER NOT NULL, writer TEXT NOT NULL)"
        )

    def get(self, key: str) -> Entry | None:
        row = self._file.execute("SELECT value, number, writer FROM entries WHERE key = ?", (key,)).fetchone()
        return None if row is None else Entry(key, row[0], Version(row[1], row[2]))

    def keep(self, entry: Entry) -> Version:
        """Keep it unless there is a newer one; the version that is there then."""
        there = self.get(entry.key)
        if there is not None and there.version >= entry.version:
            return there.version
        values = (entry.key, entry.value, entry.version.number, entry.version.writer)
        self._file.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", values)
        return entry.version

    def close(self) -> None:
        self._file.close()
