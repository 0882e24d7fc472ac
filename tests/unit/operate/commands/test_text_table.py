"""Columns line up, give way where a terminal is narrow, and hold one line each whatever is in them."""

from __future__ import annotations

import io
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerbus.operate.commands.terminal import Colour, Terminal, columns_of
from peerbus.operate.commands.text_table import TextColumn, table_lines

COLUMNS = (TextColumn("NAME", gives=1), TextColumn("N", right=True), TextColumn("WHY", gives=2), TextColumn("NOTHING"))


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_numbers_line_up_at_their_ends_and_empty_columns_are_left_out() -> None:
    rows = [["alice", "7", "no", ""], ["世界", "1234", "", ""]]
    assert table_lines(Terminal(io.StringIO(), {}), COLUMNS, rows) == [
        "NAME      N  WHY",
        "alice     7  no",
        "世界   1234",
    ]


def test_a_terminal_gets_lines_that_fit_and_a_file_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    rows = [["n" * 30, "12345", "w" * 50, ""]]
    lines = table_lines(Terminal(Screen(), {"NO_COLOR": "1"}), COLUMNS, rows)
    assert [len(line) for line in lines][1] == 40
    assert "12345" in lines[1]
    assert lines[1].count("…") == 2
    assert "w" * 50 in table_lines(Terminal(io.StringIO(), {}), COLUMNS, rows)[1]


def test_colours_do_not_move_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = table_lines(Terminal(Screen(), {}), COLUMNS[:2], [[("up", Colour.GOOD), "1"], ["evicting", "2"]])
    assert lines[1:] == ["\x1b[32mup\x1b[0m        1", "evicting  2"]


@given(st.lists(st.lists(st.text(max_size=20), min_size=4, max_size=4), max_size=4))
def test_whatever_is_in_a_cell_it_is_one_line_and_printable(rows: list[list[str]]) -> None:
    lines = table_lines(Terminal(io.StringIO(), {}), COLUMNS, rows)
    assert len(lines) == len(rows) + 1
    assert all(line.isprintable() for line in lines)
    assert all(columns_of(line) >= 0 for line in lines)


#: The columns of each table, and a row of it whose fixed columns are as wide as they come.
WIDEST = {
    "peers": ["f" * 10, "w" * 90, "connected", "59.9 s", "-1000", "99.9 ms", "out", "libp2p+tcp", *["w" * 90] * 3],
    "actors": ["w" * 90, "w" * 90, "w" * 90, "restarting", "99999", "99999", "99999", "w" * 90],
    "channels": ["w" * 90, "99999", "59.9 s", *["99999"] * 5, "59.9 s", "99.9 ms", "99.9 ms"],
    "ledger": ["w" * 90, "arrived", "99999", "99999", "99999", "99999", "w" * 90],
    "waits": ["59.9 s", "w" * 90, "w" * 90, "mailbox", "w" * 90, "w" * 90],
    "bans": ["f" * 64, "59 min 59 s", "w" * 90],
}


@pytest.mark.parametrize("name", WIDEST)
def test_every_table_fits_eighty_columns(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    columns = import_module(f"peerbus.operate.commands.{name}")._COLUMNS
    lines = table_lines(Terminal(Screen(), {"NO_COLOR": "1"}), columns, [WIDEST[name]])
    assert max(map(columns_of, lines)) <= 80
    assert len(lines) == 2


@pytest.mark.parametrize("columns", [40, 60])
@pytest.mark.parametrize("name", WIDEST)
def test_a_table_that_is_too_wide_is_a_block_for_each_row_and_fits(
    name: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    titles = import_module(f"peerbus.operate.commands.{name}")._COLUMNS
    lines = table_lines(Terminal(Screen(), {"NO_COLOR": "1"}), titles, [WIDEST[name], WIDEST[name]])
    assert max(map(columns_of, lines)) <= columns
    assert len(lines) in (3, 2 * len(titles))


def test_a_block_says_what_a_value_is_and_leaves_out_what_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    titles = [TextColumn(each) for each in ("NAME", "ENDPOINT", "WHY", "FOR")]
    rows = [["alice", "tcp://10.0.0.2:7400", "", "1 s"], ["bob", "tcp://[2001:db8::7]:7400", "unreachable", "2 s"]]
    assert table_lines(Terminal(Screen(), {"NO_COLOR": "1"}), titles, rows) == [
        "alice",
        "  ENDPOINT  tcp://10.0.0.2:7400",
        "  FOR       1 s",
        "bob",
        "  ENDPOINT  tcp://[2001:db8::7]:7400",
        "  WHY       unreachable",
        "  FOR       2 s",
    ]
