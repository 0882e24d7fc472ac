"""The context that an actor is made in: its bus, and no claim of another's."""

from __future__ import annotations

import asyncio
from contextvars import copy_context

from peerbus.actors import Actor, Bus
from peerbus.actors.base.current import CURRENT_BUS
from peerbus.actors.engine.building import context_on


async def test_what_is_started_finds_the_bus() -> None:
    async with Bus() as bus, Bus() as other:

        def start() -> None:
            inside = context_on(bus)
            assert inside[CURRENT_BUS] is bus
            assert inside.run(context_on, other)[CURRENT_BUS] is other

        copy_context().run(start)


class Plain(Actor):
    pass


class MakesAnother(Actor):
    """Before its own claim is taken, its constructor leaves a callback and a task behind that make actors."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.by_callback: asyncio.Future[Plain] = loop.create_future()
        loop.call_soon(lambda: self.by_callback.set_result(Plain()))
        self.by_task = loop.create_task(self._make())
        super().__init__()

    async def _make(self) -> Plain:
        await asyncio.sleep(0)  # an eager task begins within the constructor, as any call there
        return Plain()


async def test_what_a_constructor_leaves_behind_claims_nothing() -> None:
    async with Bus() as bus:
        ref = bus.spawn(MakesAnother)
        await bus.started(ref)
        made = ref._actor_weakref()
        assert made is not None
        others = (await made.by_callback, await made.by_task)
        assert made.actor_ref is ref
        assert len({ref.actor_urn, *(other.actor_urn for other in others)}) == 3
        assert [other.actor_ref.address for other in others] == [None, None], "neither is on the bus"


class Nested(Actor):
    def __init__(self, bus: Bus) -> None:
        self.inner = bus.spawn(Plain)
        super().__init__()


async def test_an_actor_that_is_spawned_before_its_spawner_is_built_takes_its_own_claim() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Nested, bus)
        await bus.started(ref)
        made = ref._actor_weakref()
        assert made is not None
        assert made.actor_ref is ref
        assert made.inner.actor_class is Plain
        assert made.inner.actor_urn != ref.actor_urn
