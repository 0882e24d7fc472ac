"""`peerbus streams`: of a node with one that stands, and of one with none."""

from __future__ import annotations

import json

import pytest
from administered import Place
from command_line import asked
from inside_pairs import until
from pool_jobs import Jobs, Steps

from peerbus.actors import LOCAL


async def test_each_channel_with_streams_is_a_line(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert await asked(place.socket, "streams", capsys) == (0, "no streams\n", "")
    node = place.node
    await node.bus.started(node.spawn(Jobs))
    stream = node.stream(LOCAL / Jobs, Steps(1000))
    assert await anext(stream) == 0
    await until(lambda: node.snapshot().streams["jobs"].standing == 1)
    seen = node.snapshot().streams["jobs"]
    assert (seen.sending, seen.reading, seen.failed) == (1, 0, 0)
    status, out, err = await asked(place.socket, "streams", capsys)
    assert (status, err) == (0, "")
    assert out.splitlines()[1].split()[:5] == ["jobs", "1", "0", "1", "0"]
    assert json.loads((await asked(place.socket, "streams --json", capsys))[1])["jobs"]["standing"] == 1
    assert (
        "streams    1 sent, 1 of them wait for their readers; 0 read"
        in (await asked(place.socket, "status", capsys))[1]
    )
    assert "jobs" in (await asked(place.socket, "top --show streams --count 1 --interval 200ms", capsys))[1]
    await stream.aclose()
    await until(lambda: node.snapshot().streams["jobs"].sending + node.snapshot().streams["jobs"].standing == 0)
