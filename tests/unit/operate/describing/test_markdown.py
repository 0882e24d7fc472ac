"""The page says what a node runs, with fields, answers and bounds; names of a program are no markup."""

from __future__ import annotations

from peerbus.node.schema.spoken import SpokenNode, spoken_by
from peerbus.operate.describing import markdown_page


def test_a_node_as_a_page() -> None:
    page = markdown_page([spoken_by("described:archive_node")])
    for line in (
        "# store",
        "- network: `blocks`",
        "- offers: `archive{from=0}`",
        "- requires: at least 2 with archive",
        "| `archive` | `Archive`, a pool of 3 | `GetBlock`, `GetRange`, `Forget`, `Block` |",
        "| `notes` | `Notes`, for this node alone | `Noted` |",
        "| `hash` | `Hasher`, in the process `cruncher` | `Hash` |",
        "## archive",
        "Keeps blocks.",
        "window 32, may be handled twice: `GetBlock`",
        "| `GetBlock` | `height: int` | `Block \\| None` | One block, or None where there is none. |",
        "| `GetRange` | `first: int`, `last: int` | a stream of `Block` | Blocks, one after the other. |",
        "| `Forget` | `height: int` |  |  |",
        "| `Block` | `height: int`, `items?: tuple[Item, ...]`, `data?: bytes` | *is an answer* |  |",
        "| `Item` | `key: str`, `size?: int` |",
        "- tell `Noted` to `LOCAL`, channel `notes`",
        "overflow `drop_oldest`",
    ):
        assert line in page.splitlines(), page


def test_several_nodes_and_who_sends_what() -> None:
    page = markdown_page([spoken_by("described:archive_node"), spoken_by("described:desk_node")])
    assert "\n# desk\n" in page
    assert "| `archive` | others: this node sends to it |" in page
    assert "- ask `GetBlock` to `Role('archive')`, channel `archive`" in page
    assert "`desk_node.<locals>.plain` runs something too" in page


def test_a_name_is_no_markup() -> None:
    assert markdown_page([SpokenNode("<b>*x*", "x:X")]) == "# \\<b\\>\\*x\\*\n"
