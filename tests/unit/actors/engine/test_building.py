"""The context that an actor is made in: its bus, and no claim of another's."""

from __future__ import annotations

from contextvars import copy_context

from peerbus.actors import Bus
from peerbus.actors.base.current import CURRENT_BUS
from peerbus.actors.engine.behaviour import Behaviour
from peerbus.actors.engine.building import BUILDING, context_on


class Claims:
    def claim(self, actor: Behaviour) -> object:
        return actor


async def test_what_is_started_finds_the_bus_and_claims_nothing() -> None:
    async with Bus() as bus, Bus() as other:

        def start() -> None:
            BUILDING.set(Claims())
            inside = context_on(bus)
            assert inside[CURRENT_BUS] is bus
            assert inside[BUILDING] is None
            assert isinstance(BUILDING.get(), Claims), "the caller's own is as it was"
            assert inside.run(context_on, other)[CURRENT_BUS] is other

        copy_context().run(start)
