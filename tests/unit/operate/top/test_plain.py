"""Pictures as lines or JSON, one after the other, as many as were asked for."""

from __future__ import annotations

import json

from administered import Place

from peerbus.operate.client import AdminClient, find_node
from peerbus.operate.top.choice import TopChoice
from peerbus.operate.top.plain import PlainTop
from peerbus.operate.top.sample import Shown
from peerbus.operate.top.watching import Watching


async def told(place: Place, *, count: int, lines: bool) -> list[str]:
    """All that is told."""
    said: list[str] = []
    async with AdminClient(await find_node(str(place.socket))) as client:
        watching = Watching(client, TopChoice(shown=Shown.ACTORS, match="block"), interval=0.01)
        plain = PlainTop(watching, said.append, (lambda: f"look {watching.looks}") if lines else None, count)
        watching.changed = plain.changed
        await watching.run()
    return said


async def test_pictures_begin_when_rates_are_known_and_are_as_many_as_were_asked_for(place: Place) -> None:
    assert await told(place, count=3, lines=True) == ["look 2", "\nlook 3", "\nlook 4"]


async def test_json_has_what_stands_in_the_table(place: Place) -> None:
    (line,) = await told(place, count=1, lines=False)
    found = json.loads(line)
    assert (found["node"], found["lost"]) == ("alice", "")
    assert found["rates"]["cpu"] >= 0
    (blocks,) = found["actors"]
    assert (blocks["ACTOR"], blocks["STATE"], blocks["QUEUE"]) == ("blocks", "running", 0)
