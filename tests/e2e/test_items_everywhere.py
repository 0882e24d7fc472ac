"""Items that go with a message are what its handler says, wherever that runs and whoever sends them."""

from __future__ import annotations

from typing import Any

import pytest
from inside_pairs import until
from taking import TRIES, Taking, Try, Trying, tried

from peerbus.actors import LOCAL, Pool, Role
from peerbus.node import Node

RIGHT = [""] * len(TRIES)
PLACES: dict[str, dict[str, Any]] = {
    "on the loop": {"reactors": [Taking]},
    "in a worker": {"processes": {"takes": [Taking]}},
    "in a pool of processes": {"reactors": [Pool(Taking, processes=1)]},
}


@pytest.mark.parametrize("place", PLACES)
async def test_items_are_what_the_handler_takes_wherever_it_runs(place: str) -> None:
    async with (
        Node("there", listen=["tcp://127.0.0.1:0"], offers={"taker"}, **PLACES[place]) as there,
        Node("here", peers=there.endpoints, channels=[Taking.channel], processes={"tries": [Trying]}) as here,
    ):
        await until(lambda: bool(here.peers))
        assert await tried(there.open, LOCAL / Taking) == RIGHT
        assert await tried(here.open, Role("taker") / Taking) == RIGHT
        assert await here.ask(LOCAL / Trying, Try("bus://role:taker/taking")) == RIGHT
        await until(lambda: here.snapshot().ledger.items["taking"].pending == 0)
        assert here.snapshot().ledger.balanced
        assert there.snapshot().ledger.balanced
