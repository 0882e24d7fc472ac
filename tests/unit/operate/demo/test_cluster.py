"""What the demonstration knows of each process, and when."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from peerbus.node.blocksync.sync import Progress
from peerbus.operate.demo.cluster import NodeProcess
from peerbus.operate.demo.messages import Job, Report


def member() -> NodeProcess:
    job = Job(name="want-1", network="n", identity="key", file="copy", archives=2, wants=True)
    return NodeProcess(job, Path("log"), cast("Any", None))


def report(at: float, blocks: int) -> Report:
    return Report(at=at, progress=Progress(state="fetching", blocks=blocks, blocks_in_all=10))


def test_what_was_copied_when_one_was_killed_is_known_within_bounds() -> None:
    one = member()
    one.hear(report(1.0, 4), None)
    one.hear(report(2.0, 5), 2.5)  # said before the kill, and heard after it
    assert (one.share_before, one.share_after) == (0.5, None)
    for at, blocks in ((2.6, 7), (2.7, 8), (2.8, 10)):
        one.hear(report(at, blocks), 2.5)
    assert (one.share_before, one.share_after) == (0.5, 0.8)
    assert one.reports == 5
