"""The sync of this folder in simulation: archives crash and come back, lines are slow, and the copy is right.

`python -m pytest --peerbus-seeds=200 test_blocksync.py` tries 200 networks; a seed that fails is named, and replays.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from peerbus.actors import LOCAL
from peerbus.node.blocksync import Blocks, GetServed, Progress, Served, Sync
from peerbus.testing import Simulation, Uniform

BLOCK, NUMBER = 1_000, 200


@pytest.mark.seeds(5)
async def test_a_copy_is_right_though_archives_crash_and_come_back(sim: Simulation, tmp_path: Path) -> None:
    content = sim.rng.randbytes(NUMBER * BLOCK + 1)
    original, copy = tmp_path / "original", tmp_path / "copy"
    original.write_bytes(content)
    sim.network.shape(latency=Uniform(0.0, 0.05), bandwidth=sim.rng.choice([20_000.0, 1_000_000.0]))
    serve = partial(Blocks, str(original), block_size=BLOCK)
    for number in range(3):
        await sim.node(f"archive-{number}", offers={"archive"}, reactors=[serve])
    want = await sim.node("want")
    with want.subscribe(Progress) as news:
        want.spawn(Sync, str(copy), sources=3)
        while (progress := await news.get()).share < 0.3:
            assert progress.state != "failed", progress.text
        sim.crash("archive-0")
        while (progress := await news.get()).share < 0.6:
            assert progress.state != "failed", progress.text
        await sim.restart("archive-1")
        while (progress := await news.get()).state != "done":
            assert progress.state != "failed", progress.text
    assert copy.read_bytes() == content
    assert (await sim.nodes["archive-2"].ask(LOCAL / Blocks, GetServed(), reply=Served)).blocks > 0
