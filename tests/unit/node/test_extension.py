"""What runs beside a node starts when it is up, and ends when it has, whatever happens between."""

from __future__ import annotations

import pytest

from peerbus.node import Node
from peerbus.node.views.views import NodeViews


class Beside:
    """Says what it is told."""

    def __init__(self, said: list[str], name: str, *, fails: bool = False) -> None:
        self.said, self.name, self.fails = said, name, fails

    async def start(self, node: NodeViews) -> None:
        self.said.append(f"{self.name} starts with {node.name}")
        if self.fails:
            raise RuntimeError("on purpose")

    async def aclose(self) -> None:
        self.said.append(f"{self.name} ends")
        if self.fails:
            raise RuntimeError("on purpose")


async def test_they_start_in_order_and_end_the_other_way_round() -> None:
    said: list[str] = []
    async with Node("alice", extensions=[Beside(said, "one"), Beside(said, "two")]):
        assert said == ["one starts with alice", "two starts with alice"]
    assert said[2:] == ["two ends", "one ends"]


async def test_one_that_fails_ends_the_start_and_the_others_are_closed() -> None:
    said: list[str] = []
    extensions = [Beside(said, "one"), Beside(said, "two", fails=True), Beside(said, "three")]
    with pytest.raises(RuntimeError, match="on purpose"):
        async with Node("alice", extensions=extensions):
            pytest.fail("it started")
    assert said == ["one starts with alice", "two starts with alice", "two ends", "one ends"]
