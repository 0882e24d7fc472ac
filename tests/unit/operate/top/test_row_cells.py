from __future__ import annotations

from peerbus.operate.top.row_cells import BAD, RowCells


def test_what_is_not_known_is_empty_and_what_comes_of_peers_cannot_draw() -> None:
    cells = RowCells()
    cells.number("QUEUE", None)
    cells.number("WAIT", 12_300, style=BAD)
    cells.put("PEER", "a\x1b[2Jb", "a")
    row = cells.row()
    assert (row.texts["QUEUE"], row.values["QUEUE"]) == ("", None)
    assert (row.texts["WAIT"], row.styles["WAIT"]) == ("12.3k", BAD)
    assert "\x1b" not in row.texts["PEER"]
