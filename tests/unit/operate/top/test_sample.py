"""What is read of a node is what the table that is shown needs, and its counters only grow."""

from __future__ import annotations

import pytest
from administered import Blocks, Get, Place
from pairs import Pair

from peerbus.actors import LOCAL
from peerbus.operate.client import AdminClient, find_node
from peerbus.operate.top.sample import Shown, TopSample, counters_of, take_sample


async def sample(place: Place | Pair, shown: Shown, at: float = 0.0, match: str = "") -> TopSample:
    async with AdminClient(await find_node(str(place.socket))) as client:
        return await take_sample(client, shown, at, match=match)


@pytest.mark.parametrize("shown", list(Shown))
async def test_a_table_that_is_not_shown_is_not_read(pair: Pair, shown: Shown) -> None:
    seen = await sample(pair, shown)
    assert seen.node.name == "alice"
    assert {channel.name for channel in seen.channels} >= {"blocks"}
    assert bool(seen.peers) is bool(seen.connections) is (shown is Shown.PEERS)
    assert bool(seen.actors) is (shown is Shown.ACTORS)


async def test_actors_are_those_with_that_in_their_names(place: Place) -> None:
    assert [actor.name for actor in (await sample(place, Shown.ACTORS, match="bloc")).actors] == ["blocks"]


async def test_what_is_counted_grows_with_what_is_sent(place: Place) -> None:
    before = counters_of(await sample(place, Shown.ACTORS))
    for number in range(5):
        await place.node.ask(LOCAL / Blocks, Get(number), timeout=30)
    after = counters_of(await sample(place, Shown.ACTORS))
    assert after["channel", "blocks", "handled"] - before["channel", "blocks", "handled"] == 5
    assert after["actor", "blocks"] - before["actor", "blocks"] == 5
    assert all(after[key] >= before[key] for key in before)
