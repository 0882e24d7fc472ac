"""In the child of a fork every send to an actor says that it runs in the parent."""

from __future__ import annotations

import pytest

from peerbus.actors import Actor, Bus, ProcessForked
from peerbus.actors.engine.forked_cell import refuse_sends
from peerbus.actors.engine.spawning import Spawning
from peerbus.actors.mailbox.envelope import Envelope


class Lives(Actor):
    """Nothing to do."""


async def test_a_cell_of_the_parent_refuses_all_and_does_nothing() -> None:
    async with Bus() as bus:
        spawning = Spawning(bus, Lives, "lives", None, None)
        spawning.build()
        cell = spawning.cell
        assert cell is not None
        refuse_sends(cell)
        refuse_sends(cell)  # a second time changes nothing
        for send in (
            lambda: cell.tell("hello", None, None),
            lambda: cell.inform("hello"),
            cell.request_stop,
            lambda: cell.kill("now"),
            lambda: cell.dead_error(cell, "hello"),
        ):
            with pytest.raises(ProcessForked, match="lives"):
                send()
        assert isinstance(cell.lost(), ProcessForked)
        cell.undelivered(Envelope("hello"), ProcessForked("forked"))
        assert cell.stopped.is_set()
        spawning.discard()
