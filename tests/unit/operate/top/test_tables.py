"""What stands in the tables is what the node says; trouble has a colour."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pairs import Pair

from peerbus.operate.client import AdminClient, find_node
from peerbus.operate.top.grid import GridRow
from peerbus.operate.top.rates import Rates
from peerbus.operate.top.sample import Shown, TopSample, counters_of, take_sample
from peerbus.operate.top.tables import COLUMNS, DEFAULT_SORT, rows_of


async def sample(pair: Pair, shown: Shown) -> TopSample:
    async with AdminClient(await find_node(str(pair.socket))) as client:
        return await take_sample(client, shown, 0.0)


def rows(seen: TopSample, shown: Shown) -> dict[str, GridRow]:
    """By what stands in their first column, after two looks."""
    rates = Rates()
    for now in (1.0, 2.0):
        rates.feed(now, seen.run, counters_of(seen))
    return {row.texts[COLUMNS[shown][0].title]: row for row in rows_of(seen, shown, rates)}


@pytest.mark.parametrize("shown", list(Shown))
async def test_each_row_has_all_columns_and_those_of_80_columns_fit(pair: Pair, shown: Shown) -> None:
    titles = {column.title for column in COLUMNS[shown]}
    for row in rows(await sample(pair, shown), shown).values():
        assert row.texts.keys() == row.values.keys() == titles
    widths = [column.width or 8 for column in COLUMNS[shown] if column.at <= 80]
    assert sum(widths) + len(widths) - 1 <= 80
    assert DEFAULT_SORT[shown] in titles


async def test_a_peer_is_told_by_its_name_and_what_is_on_its_way(pair: Pair) -> None:
    row = rows(await sample(pair, Shown.PEERS), Shown.PEERS)["bob"]
    assert (row.texts["ID"], row.values["ID"]) == (pair.peer.node_id[:8], pair.peer.node_id)
    assert (row.texts["STATE"], row.texts["OFFERS"], row.styles["STATE"]) == ("ready", "index", "green")
    assert row.texts["WHERE"].startswith("unix://")
    assert row.texts["QUEUE"] == "0"


async def test_a_full_mailbox_an_old_message_and_a_restart_are_worth_a_colour(pair: Pair) -> None:
    seen = await sample(pair, Shown.ACTORS)
    (blocks,) = [actor for actor in seen.actors if actor.name == "blocks"]
    full = replace(blocks, restarts=2, mailbox=replace(blocks.mailbox, queued=blocks.mailbox.limit, waiting=3))
    row = rows(replace(seen, actors=(full,)), Shown.ACTORS)["blocks"]
    assert (row.styles["QUEUE"], row.styles["RESTART"], row.styles["WAIT"]) == ("red", "yellow", "yellow")
    channels = tuple(replace(each, oldest=12.0) for each in seen.channels if each.name == "blocks")
    row = rows(replace(seen, channels=channels), Shown.CHANNELS)["blocks"]
    assert (row.texts["OLDEST"], row.styles["OLDEST"]) == ("12s", "red")


async def test_what_a_peer_calls_itself_does_nothing_to_the_terminal(pair: Pair) -> None:
    seen = await sample(pair, Shown.PEERS)
    named = {key: replace(each, name="\x1b[31mbob\n") for key, each in seen.connections.items()}
    (name,) = rows(replace(seen, connections=named), Shown.PEERS)
    assert name.isprintable()
