"""A dashboard of all nodes shows those that start later, keeps those that went for a while, and is bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import pytest
from admin_client import PATIENCE

from peerbus.actors import ConfigError
from peerbus.node import Node
from peerbus.operate import Admin
from peerbus.operate.client import AdminTarget
from peerbus.operate.dashboard import merging
from peerbus.operate.dashboard.watch_list import MOST, REMEMBERED, WatchList
from peerbus.operate.serving import SocketPlace

Found = Sequence[tuple[str, AdminTarget]]


def node(name: str) -> tuple[str, AdminTarget]:
    return name, AdminTarget(SocketPlace(Path(f"/nowhere/{name}.sock")))


class Here:
    """Who runs here, and what time it is."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.time = 1e9

    async def look(self) -> Found:
        return [node(name) for name in self.names]

    def now(self) -> float:
        return self.time

    async def watched(self) -> WatchList:
        made = WatchList(await self.look(), self.look)
        await made.look(self.now)
        return made


def names(watched: WatchList) -> list[str]:
    return [each.name for each in watched.nodes]


async def test_one_that_starts_later_is_shown_and_one_that_comes_again_is_the_same() -> None:
    here = Here("alice")
    watched = await here.watched()
    (alice,) = watched.nodes
    before = watched.version
    here.names = ["bob"]
    await watched.look(here.now)
    assert names(watched) == ["alice", "bob"]
    assert watched.version > before
    before = watched.version
    here.names = ["alice", "bob"]
    await watched.look(here.now)
    assert watched.get(alice.key) is alice
    assert watched.version == before


async def test_one_that_is_gone_for_long_is_shown_no_longer_but_for_the_last() -> None:
    here = Here("alice", "bob")
    watched = await here.watched()
    here.names = ["bob"]
    here.time += REMEMBERED + 1
    await watched.look(here.now)
    assert names(watched) == ["bob"]
    here.names = []
    here.time += REMEMBERED + 1
    await watched.look(here.now)
    assert names(watched) == ["bob"]


async def test_where_there_are_too_many_one_that_is_gone_makes_room() -> None:
    here = Here(*(f"n{i}" for i in range(MOST + 3)))
    watched = await here.watched()
    assert names(watched) == here.names[:MOST]
    here.names.remove("n7")
    here.time += 1
    await watched.look(here.now)
    assert names(watched) == [*(f"n{i}" for i in range(MOST) if i != 7), f"n{MOST}"]


def test_those_that_are_named_stay_these_and_are_bounded() -> None:
    with pytest.raises(ConfigError, match="shows 1 to 32 nodes, not 0"):
        WatchList([])
    with pytest.raises(ConfigError, match="not 33"):
        WatchList([node(f"n{i}") for i in range(MOST + 1)])
    assert not WatchList([node("alice")]).grows


async def test_the_page_is_told_of_a_node_that_starts_while_it_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "LOOK", 0.01)
    here: list[tuple[str, AdminTarget]] = []

    async def look() -> Found:
        return here

    def runs(name: str) -> Node:
        return Node(name, extensions=[Admin(str(tmp_path / f"{name}.sock"))])

    def is_here(name: str) -> None:
        here.append((name, AdminTarget(SocketPlace(tmp_path / f"{name}.sock"))))

    async with runs("alice"), asyncio.timeout(PATIENCE):
        is_here("alice")
        watched = WatchList(here, look)
        async with aclosing(merging.merged(watched, 0.25)) as stream:
            seen = b""
            while b"event: picture@0" not in seen:
                seen += await anext(stream)
            assert b'event: nodes\ndata: [{"key":"0","name":"alice","base":"/nodes/0"' in seen
            async with runs("bob") as bob:
                is_here("bob")
                while b"event: picture@1" not in seen:
                    seen += await anext(stream)
                assert f'"base":"/nodes/1","node_id":"{bob.node_id}"'.encode() in seen
        await watched.aclose()
