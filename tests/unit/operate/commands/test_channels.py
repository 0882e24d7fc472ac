"""`peerbus channels`: queues, ages, sends and handling times by channel."""

from __future__ import annotations

import json

import pytest
from administered import Blocks, Get, Place
from command_line import asked

from peerbus.actors import LOCAL
from peerbus.actors.engine import HistogramView
from peerbus.operate.commands.channels import quantile


async def test_each_channel_is_a_line(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    await place.node.ask(LOCAL / Blocks, Get(height=1), timeout=30)
    status, out, err = await asked(place.socket, "channels", capsys)
    assert (status, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0][:3] == ["CHANNEL", "QUEUED", "LOCAL"]
    assert ["blocks", "0", "1", "0"] in [line[:4] for line in lines]
    said = json.loads((await asked(place.socket, "channels --json", capsys))[1])
    assert {channel["name"]: channel["messages"] for channel in said}["blocks"] == ["Get", "Wait"]


def test_a_quantile_is_the_bound_that_holds_it() -> None:
    seen = HistogramView((0.1, 1.0, 10.0), (98, 1, 0, 1), 12.0)
    assert (quantile(seen, 0.5), quantile(seen, 0.99), quantile(seen, 1.0)) == (0.1, 1.0, None)
    assert quantile(None, 0.5) is None
    assert quantile(HistogramView((1.0,), (0, 0), 0.0), 0.5) is None
