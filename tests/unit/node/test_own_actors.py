"""The actors that make a node of a bus start in order, and end in the other one."""

from __future__ import annotations

from typing import Any, cast

import pytest

from peerbus.actors import Actor, Bus, Ref
from peerbus.discovery.book import BookKeeper, MemoryBook
from peerbus.node import Node
from peerbus.node.own_actors import OwnActors


async def test_a_node_has_its_manager_while_it_runs_and_the_exchange_where_it_is_wanted() -> None:
    own = OwnActors()
    assert (own.manager, own.exchanged(), own.peers) == (None, None, None)
    async with Node("alice", pex=True) as node:
        names = list(node.bus.statistics().actors)
        assert node.snapshot().pex is not None
        assert node._own.manager is not None
    assert len(names) >= 3
    async with Node("bob") as node:
        assert node.snapshot().pex is None


async def test_a_manager_that_cannot_be_made_says_so() -> None:
    def fail(keeper: Ref[BookKeeper]) -> Any:
        raise OSError("no such device")

    own = OwnActors()
    async with Bus("test") as bus:
        with pytest.raises(OSError, match="no such device"):
            await own.start(bus, MemoryBook(), fail, None)
        assert own.manager is None


async def test_an_actor_that_is_no_manager_is_not_taken_for_one() -> None:
    own = OwnActors()
    async with Bus("test") as bus:
        own.peers = bus.spawn(cast("Any", Actor))  # as there is none while it is made anew
        assert own.manager is None
