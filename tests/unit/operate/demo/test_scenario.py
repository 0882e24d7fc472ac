"""What the flags of the demonstration may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from peerbus.actors import ConfigError
from peerbus.operate.demo.scenario import DemoPlan


@pytest.mark.parametrize(
    ("nodes", "kill", "archives"), [(3, True, 2), (4, True, 2), (7, True, 3), (2, False, 1), (5, False, 2)]
)
def test_half_of_the_nodes_hold_the_file_and_two_where_one_is_killed(nodes: int, kill: bool, archives: int) -> None:
    assert DemoPlan(nodes=nodes, kill=kill).archives == archives


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        ({"nodes": 2}, "--nodes 2: write 3 to 32 .*; with --no-kill 2 are enough"),
        ({"nodes": 1, "kill": False}, "--nodes 1: write 2 to 32"),
        ({"nodes": 33}, "--nodes 33: write 3 to 32"),
        ({"size": -1}, "--size -1: write 0 to 16384 MiB"),
        ({"carrier": "pigeon"}, "--carrier pigeon: write tcp, libp2p, nats"),
        ({"timeout": 0.0}, "--timeout 0: write seconds above 0"),
        ({"timeout": float("nan")}, "--timeout nan"),
        ({"file": Path("/nowhere")}, "--file /nowhere does not exist"),
        ({"file": Path("/")}, "--file / is not a file"),
        ({"keep": Path("/")}, "--keep / is there already"),
    ],
)
def test_a_flag_that_cannot_be_met_is_named_with_what_would_be_right(flags: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        DemoPlan(**flags)  # type: ignore[arg-type]  # each is of its field's type


def test_an_empty_folder_may_be_kept(tmp_path: Path) -> None:
    assert DemoPlan(keep=tmp_path).keep == tmp_path
