"""A file becomes one of today, step by step, or is left as it is."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

import pytest

from peerbus.actors import ConfigError
from peerbus.discovery.book import schema
from peerbus.discovery.book.schema import APPLICATION, MIGRATIONS, VERSION, migrate


@pytest.fixture
def file() -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        yield connection


def state(file: sqlite3.Connection) -> tuple[int, int, set[str]]:
    """Whose it is, its version, its tables."""
    (application,) = file.execute("PRAGMA application_id").fetchone()
    (version,) = file.execute("PRAGMA user_version").fetchone()
    return application, version, {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type='table'")}


@pytest.mark.parametrize("version", range(VERSION + 1))
def test_a_file_of_any_version_becomes_one_of_today(file: sqlite3.Connection, version: int) -> None:
    for statements in MIGRATIONS[:version]:
        for statement in statements:
            file.execute(statement)
    file.execute(f"PRAGMA user_version = {version}")
    file.execute(f"PRAGMA application_id = {APPLICATION if version else 0}")
    migrate(file, "peers.db")
    assert state(file) == (APPLICATION, VERSION, {"peers", "addresses", "bans", "own", "pins"})
    before = file.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
    migrate(file, "peers.db")
    assert file.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall() == before


@pytest.mark.parametrize("setup", ["PRAGMA application_id = 7", "CREATE TABLE theirs (it)"])
def test_a_file_of_another_program_is_left_as_it_is(file: sqlite3.Connection, setup: str) -> None:
    file.execute(setup)
    before = state(file)
    with pytest.raises(ConfigError, match=r"peers\.db is a database of another program"):
        migrate(file, "peers.db")
    assert state(file) == before


def test_a_file_of_a_newer_program_says_which_version_it_has(file: sqlite3.Connection) -> None:
    migrate(file, "peers.db")
    file.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(ConfigError, match=f"of version {VERSION + 1}, and this program knows versions up to {VERSION}"):
        migrate(file, "peers.db")


def test_a_step_that_fails_is_undone_and_those_before_it_stay(
    file: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = (*MIGRATIONS[:1], ("ALTER TABLE peers ADD COLUMN more TEXT", "no SQL"))
    monkeypatch.setattr(schema, "MIGRATIONS", broken)
    with pytest.raises(sqlite3.OperationalError):
        migrate(file, "peers.db")
    assert state(file) == (APPLICATION, 1, {"peers", "addresses", "bans"})
    assert "more" not in {row[1] for row in file.execute("PRAGMA table_info(peers)")}
    assert not file.in_transaction
