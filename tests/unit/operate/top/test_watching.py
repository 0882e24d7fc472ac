"""A node is read again and again; one that goes is waited for, and keys are heard all the time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from administered import Place

from peerbus.node import Node
from peerbus.operate import Admin
from peerbus.operate.client import AdminClient, NodeNotReached, find_node
from peerbus.operate.top.choice import TopChoice
from peerbus.operate.top.sample import Shown
from peerbus.operate.top.watching import Watching

#: Seconds that a test may wait for anything.
PATIENCE = 40.0


class Look:
    """One that watches, and what it does when something changes."""

    def __init__(self, client: AdminClient, *, interval: float = 0.01) -> None:
        self.watching = Watching(client, TopChoice(shown=Shown.CHANNELS), interval=interval)
        self.watching.changed = self._changed
        self._news = asyncio.Event()

    def _changed(self) -> None:
        self._news.set()

    async def until(self, seen: Callable[[Watching], object]) -> None:
        """Wait until it is like that."""
        async with asyncio.timeout(PATIENCE):
            while not seen(self.watching):
                self._news.clear()
                await self._news.wait()


async def test_rates_are_known_after_two_looks_and_it_ends_when_it_was_enough(place: Place) -> None:
    async with AdminClient(await find_node(str(place.socket))) as client:
        look = Look(client)
        running = asyncio.ensure_future(look.watching.run())
        await look.until(lambda watching: watching.looks >= 2)
        assert look.watching.sample is not None
        assert look.watching.rates.rate("cpu") is not None
        assert str(place.socket) in look.watching.place
        look.watching.press("q", width=80, page=10)
        await running


async def test_another_table_is_read_at_once_and_a_held_picture_stays(place: Place) -> None:
    async with AdminClient(await find_node(str(place.socket))) as client:
        look = Look(client, interval=3600)
        running = asyncio.ensure_future(look.watching.run())
        await look.until(lambda watching: watching.sample)
        look.watching.press("a", width=80, page=10)
        await look.until(lambda watching: watching.sample is not None and watching.sample.actors)
        look.watching.press(" ", width=80, page=10)
        looks = look.watching.looks
        look.watching.press("c", width=80, page=10)
        await asyncio.sleep(0)
        assert look.watching.looks == looks
        look.watching.press(" ", width=80, page=10)
        await look.until(lambda watching: watching.looks > looks)
        look.watching.end()
        await running


async def test_a_node_that_goes_is_waited_for_and_begins_anew(place: Place) -> None:
    async with AdminClient(await find_node(str(place.socket))) as client:
        look = Look(client)
        running = asyncio.ensure_future(look.watching.run())
        await look.until(lambda watching: watching.looks >= 2)
        await place.node.aclose()
        await look.until(lambda watching: "has gone, and is waited for" in watching.lost)
        before, kept = look.watching.looks, look.watching.sample
        assert kept is not None
        async with Node("alice", extensions=[Admin(str(place.socket))]) as again:
            await look.until(lambda watching: watching.looks >= before + 2 and not watching.lost)
            assert look.watching.sample is not None
            assert look.watching.sample.node.node_id == again.node_id != kept.node.node_id
            look.watching.end()
            await running


async def test_where_nobody_is_at_first_that_is_an_error(place: Place) -> None:
    target = await find_node(str(place.socket))
    await place.node.aclose()
    async with AdminClient(target) as client:
        with pytest.raises(NodeNotReached):
            await Look(client).watching.run()
