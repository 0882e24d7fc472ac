"""What cells need of a bus, a bus has."""

from __future__ import annotations

import inspect

import pytest

from peerbus.actors import Bus
from peerbus.actors.engine.host import Host


@pytest.mark.pure("a class that is compiled has no annotations")
async def test_a_bus_has_all_that_a_cell_asks_of_it() -> None:
    asked = {
        name
        for base in Host.__mro__
        if base.__module__.startswith("peerbus")
        for name in (*vars(base), *inspect.get_annotations(base))
        if not name.startswith("_")
    }
    assert {"wheel", "deadlocks", "actors", "life", "publish", "blocks"} <= asked
    async with Bus() as bus:
        assert sorted(name for name in asked if not hasattr(bus, name)) == []
