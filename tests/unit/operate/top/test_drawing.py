"""The picture fills the screen, no more, at any size, and says what is wrong in its first line."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
import pytest_asyncio
from pairs import Pair
from rich.console import Console

from peerbus.operate.api.readiness import Readiness, WhyNot
from peerbus.operate.client import AdminClient, find_node
from peerbus.operate.top.choice import TopChoice
from peerbus.operate.top.drawing import blocks_for, draw, lines_for_rows, lines_of
from peerbus.operate.top.figures import BLOCKS, PLAIN_BLOCKS
from peerbus.operate.top.sample import Shown
from peerbus.operate.top.watching import Watching
from peerbus.operate.top.work_tables import WORK_COLUMNS


@pytest_asyncio.fixture(params=list(Shown))
async def watching(request: pytest.FixtureRequest, pair: Pair) -> Watching:
    """One that has looked three times at a table."""
    async with AdminClient(await find_node(str(pair.socket))) as client:
        found = Watching(client, TopChoice(shown=request.param), interval=0.01)
        found.changed = lambda: found.end() if found.looks == 3 else None
        await found.run()
        return found


def drawn(watching: Watching, width: int, height: int) -> list[str]:
    """The lines of a screen of that size."""
    console = Console(file=io.StringIO(), width=width, height=height, record=True, highlight=False)
    console.print(draw(watching, width, height))
    return [line.rstrip() for line in console.export_text().splitlines()]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (200, 12), (40, 10), (20, 8)])
def test_it_fills_a_screen_of_any_size_and_no_more(watching: Watching, width: int, height: int) -> None:
    lines = drawn(watching, width, height)
    assert len(lines) == height
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("alice ")
    assert lines[1].startswith("peers 1 up")


def test_at_80_columns_all_can_be_read(watching: Watching) -> None:
    lines = drawn(watching, 80, 24)
    assert "oldest" in lines[2]
    assert lines[3] == ""
    assert "…" not in lines[1] + lines[2] + lines[4] + lines[23]
    assert lines[23].endswith("? help  q quit")
    rows = [line.split()[0] for line in lines[5:23] if line]
    assert {"bob", "blocks"} & {*rows} if watching.choice.shown not in WORK_COLUMNS else rows == []


def test_rows_that_do_not_fit_are_had_by_scrolling(watching: Watching) -> None:
    rows = [line for line in drawn(watching, 80, 60)[5:-1] if line]
    room = lines_for_rows(8)
    watching.choice = replace(watching.choice, first=1)
    seen = drawn(watching, 80, 8)
    assert seen[5 : 5 + room] == (rows[1 : 1 + room] if len(rows) > room else [*rows, *[""] * (room - len(rows))])
    watching.choice = replace(watching.choice, first=10_000)
    assert [line for line in drawn(watching, 80, 8)[5:-1] if line] == rows[-room:]


def test_what_is_wrong_stands_in_the_first_line(watching: Watching) -> None:
    sample = watching.sample
    assert sample is not None
    why = Readiness(False, (WhyNot("requirement", "2 more must offer \x1b[31marchive"),))
    watching.sample = replace(sample, node=replace(sample.node, ready=why))
    assert "not ready: 2 more must offer \\x1b[31marchive" in drawn(watching, 120, 24)[0]
    watching.lost = "has gone, and is waited for (nobody is there)"
    assert "has gone, and is waited for" in drawn(watching, 80, 24)[0]


def test_help_a_filter_and_a_held_picture_are_seen(watching: Watching) -> None:
    watching.choice = replace(watching.choice, helping=True)
    assert any("sort by the next column" in line for line in drawn(watching, 80, 24))
    watching.choice = replace(watching.choice, helping=False, typing=True, match="nothing-has-that")
    lines = drawn(watching, 80, 24)
    assert lines[-1].startswith("filter: nothing-has-that")
    assert lines[5:-1] == [""] * 18
    watching.choice = replace(watching.choice, typing=False, paused=True)
    assert drawn(watching, 80, 24)[-1].startswith("held  filter nothing-has-that  0 ")


def test_as_lines_it_has_all_rows_and_no_keys(watching: Watching) -> None:
    lines = lines_of(watching, 100)
    assert "q quit" not in lines
    assert "\x1b" not in lines
    assert lines.startswith("alice ")


def test_before_the_first_look_the_place_is_told() -> None:
    class Nowhere:
        target = "unix:///alice.sock"

    watching = Watching(Nowhere(), TopChoice(), interval=1.0)  # type: ignore[arg-type]  # nobody is asked
    assert drawn(watching, 80, 24)[0] == "looking at unix:///alice.sock …"


@pytest.mark.parametrize(("encoding", "blocks"), [("utf-8", BLOCKS), ("iso8859-1", PLAIN_BLOCKS)])
def test_a_terminal_without_unicode_has_other_blocks(encoding: str, blocks: str) -> None:
    assert blocks_for(Console(file=io.TextIOWrapper(io.BytesIO(), encoding=encoding))) == blocks
