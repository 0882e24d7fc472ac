"""The process of a worker that runs elsewhere, before its node is there: what it says, and how it ends."""

from __future__ import annotations

import signal
from pathlib import Path

from far_workers import far_worker
from inside_pairs import until

from peerbus.node.workers.calling import AGAIN, _Told


async def test_it_waits_for_its_node_and_ends_by_a_signal(tmp_path: Path) -> None:
    text = f'name = "crunch"\nnode = "unix://{tmp_path}/nobody"\n'
    with far_worker(tmp_path / "w.toml", text) as one, far_worker(tmp_path / "v.toml", text) as other:
        for worker, number, status in ((one, signal.SIGTERM, 0), (other, signal.SIGINT, 128 + signal.SIGINT)):
            await until(lambda worker=worker: "worker waits for its node" in worker.said)  # type: ignore[misc]  # a default
            worker.tell(number)
            assert worker.wait() == status
            assert worker.said.count("worker waits for its node") == 1, "the same trouble is told once"


def test_the_same_trouble_is_told_again_after_a_while() -> None:
    now = [0.0]
    told = _Told(lambda: now[0])
    assert told.wants("refused")
    assert not told.wants("refused")
    assert told.wants("no answer")
    now[0] = AGAIN + 1
    assert told.wants("no answer")
