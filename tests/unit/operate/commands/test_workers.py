"""`peerbus workers`: of a node that has one, and of one that has none."""

from __future__ import annotations

import json

import pytest
from administered import Place
from command_line import asked
from inside_pairs import until
from pool_jobs import Jobs

from peerbus.actors import Pool
from peerbus.operate.commands.shown_work import ShownWorker
from peerbus.operate.commands.workers import _row


async def test_each_worker_is_a_line_also_in_the_other_places_that_show_it(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await asked(place.socket, "workers", capsys) == (0, "no workers\n", "")
    node = place.node
    await node.bus.started(node.spawn(Pool(Jobs, processes=1)))
    await until(lambda: node.workers()[0].memory > 0)
    status, out, err = await asked(place.socket, "workers", capsys)
    assert (status, err) == (0, "")
    line = out.splitlines()[1].split()
    assert line[:3] == ["jobs.1", str(node.workers()[0].pid), "running"]
    assert json.loads((await asked(place.socket, "workers --json", capsys))[1])[0]["pool"] == "jobs"
    assert "workers    1 of 1 run, " in (await asked(place.socket, "status", capsys))[1]
    assert str(node.workers()[0].pid) in (await asked(place.socket, "pools jobs", capsys))[1]
    shown = await asked(place.socket, "top --show workers --count 1 --interval 200ms", capsys)
    assert "jobs.1" in shown[1]


def test_what_is_odd_of_a_worker_is_coloured() -> None:
    row = _row(ShownWorker("crunch", "waiting", 0, ("hash", "sum"), 3, "was ended by SIGKILL"))
    odd = [cell[0] for cell in row if isinstance(cell, tuple) and cell[1] is not None]
    assert odd == ["waiting", "3"]
    assert "hash, sum" in row
