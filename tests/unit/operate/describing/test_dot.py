"""The drawing has a box for each channel, and a line from who sends to where it is run."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from peerbus.node.schema.spoken import SpokenNode, spoken_by
from peerbus.operate.describing import dot_drawing


def lines(*sources: str) -> list[str]:
    return [line.strip() for line in dot_drawing([spoken_by(f"described:{source}") for source in sources]).splitlines()]


def test_who_asks_whom_over_several_nodes() -> None:
    drawn = lines("archive_node", "desk_node")
    assert '"desk/desk" -> "store/archive" [label="ask GetBlock"];' in drawn
    assert '"desk/desk" -> "store/archive" [label="tell Forget"];' in drawn
    assert '"store/archive" -> "store/notes" [label="tell Noted"];' in drawn
    assert '"desk/desk" -> "outside/nowhere" [label="tell Open"];' in drawn
    assert '"outside/nowhere" [label="nowhere", style=dashed];' in drawn
    assert not [line for line in drawn if "outside/archive" in line]
    box = r"archive (Archive)\lGetBlock → Block | None\lGetRange → Block …\lForget\lBlock\l"
    assert [line for line in drawn if line.startswith('"store/archive" [')] == [f'"store/archive" [label="{box}"];']


def test_a_channel_that_nobody_here_runs_stands_outside() -> None:
    drawn = lines("desk_node")
    assert '"outside/archive" [label="archive", style=dashed];' in drawn
    assert '"desk/desk" -> "outside/archive" [label="ask GetBlock"];' in drawn


def test_a_channel_that_is_known_and_never_written_to_is_dashed() -> None:
    node = SpokenNode("web", "web:node", talks_to=(spoken_by("described:Desk").served[0].channel,))
    drawn = dot_drawing([node, spoken_by("described:Desk")])
    assert '"web/" -> "Desk/desk" [style=dashed];' in drawn


def test_every_name_is_a_quoted_text() -> None:
    drawn = dot_drawing([SpokenNode('a"b\\', "x:X")])
    assert 'label="a\\"b\\\\"' in drawn


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_draws_it() -> None:
    drawn = dot_drawing([spoken_by("described:archive_node"), spoken_by("described:desk_node")])
    done = subprocess.run(["dot", "-Tsvg"], input=drawn, capture_output=True, text=True, check=True)
    assert len(re.findall(r'class="edge"', done.stdout)) == 4
