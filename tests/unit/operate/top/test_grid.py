"""Rows are filtered and sorted by what stands in them; what is not known comes last."""

from __future__ import annotations

from peerbus.operate.top.grid import GridColumn, GridRow, Value, arranged, columns_within

NAME, RTT, WHERE = GridColumn("NAME", descending=False), GridColumn("RTT", 6), GridColumn("WHERE", 20, 100)
COLUMNS = (NAME, RTT, WHERE)


def row(name: str, rtt: Value = None) -> GridRow:
    return GridRow({"NAME": name, "RTT": "" if rtt is None else f"{rtt}"}, {"NAME": name, "RTT": rtt})


ROWS = [row("bob", 0.2), row("alice", 0.01), row("dave"), row("Carol", 0.2)]


def names(sort: str, *, reverse: bool = False, match: str = "") -> list[str]:
    return [each.texts["NAME"] for each in arranged(ROWS, COLUMNS, sort=sort, reverse=reverse, match=match)]


def test_figures_come_the_largest_first_and_texts_by_the_alphabet() -> None:
    assert names("RTT") == ["Carol", "bob", "alice", "dave"]
    assert names("RTT", reverse=True) == ["alice", "Carol", "bob", "dave"]
    assert names("NAME") == ["Carol", "alice", "bob", "dave"]
    assert names("NAME", reverse=True) == ["dave", "bob", "alice", "Carol"]


def test_a_filter_keeps_rows_in_which_it_stands_whatever_the_case() -> None:
    assert names("NAME", match="AL") == ["alice"]
    assert names("NAME", match="car") == ["Carol"]
    assert names("NAME", match="0.2") == ["Carol", "bob"]


def test_a_narrow_screen_has_fewer_columns() -> None:
    assert columns_within(COLUMNS, 80) == (NAME, RTT)
    assert columns_within(COLUMNS, 100) == COLUMNS
