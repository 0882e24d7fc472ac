"""Where there is no terminal, what is watched comes as lines of all its rows; the screen is tried in the e2e tests."""

from __future__ import annotations

import sys

import pytest
from pairs import Pair

from peerbus.actors.base import ConfigError
from peerbus.operate.client import AdminClient, find_node
from peerbus.operate.top.choice import TopChoice
from peerbus.operate.top.showing import show
from peerbus.operate.top.watching import Watching


async def shown(pair: Pair, *, json: bool) -> list[str]:
    """What two pictures say."""
    said: list[str] = []
    async with AdminClient(await find_node(str(pair.socket))) as client:
        watching = Watching(client, TopChoice(), interval=0.01)
        assert await show(watching, said.append, json=json, count=2) == 0
    return said


async def test_pictures_are_lines_or_json(pair: Pair) -> None:
    first, second = await shown(pair, json=False)
    assert first.startswith("alice ")
    assert second.startswith("\nalice ")
    assert any(line.startswith("bob ") for line in first.splitlines())
    assert [line.startswith("{") for line in await shown(pair, json=True)] == [True, True]


async def test_only_pictures_for_people_need_the_extra(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    with pytest.raises(ConfigError, match=r"peerbus\[top\]"):
        await shown(pair, json=False)
    assert len(await shown(pair, json=True)) == 2
