"""Who waits for whom is seen while it does: for an answer, for room, in a circle, and nobody else is named."""

from __future__ import annotations

import asyncio

from virtual_time import eventually

from peerbus.actors import LOCAL, Actor, Bus, WaitView, handles


class Gate(Actor):
    """Answers once it is let."""

    mailbox_limit = 1

    def __init__(self, open_: asyncio.Event) -> None:
        super().__init__()
        self.open = open_

    @handles(int)
    async def wait(self, _: int) -> None:
        await self.open.wait()


class Asker(Actor):
    """Stands in a send to the gate."""

    @handles(str)
    async def go(self, how: str) -> None:
        if how == "ask":
            await self.ask(LOCAL / "gate", 1, timeout=60.0)
        else:
            await self.tell_many(LOCAL / "gate", range(3), timeout=60.0)


async def views(bus: Bus, count: int) -> tuple[WaitView, ...]:
    """The graph, once it has that many edges."""
    await eventually(lambda: len(bus.waits()) == count)
    return bus.waits()


async def test_an_ask_and_a_wait_for_room_are_edges_until_they_end() -> None:
    opened = asyncio.Event()
    async with Bus() as bus:
        assert bus.waits() == ()
        bus.spawn(Gate, opened, name="gate")
        first, second = bus.spawn(Asker, name="first"), bus.spawn(Asker, name="second")
        asked = bus.ask(first, "ask", timeout=60.0)
        (edge,) = await views(bus, 1)
        assert (edge.actor, edge.handling) == ("bus://local/first", "str")
        assert (edge.to, edge.sent, edge.what) == ("bus://local/gate", "int", "answer")
        told = bus.ask(second, "tell", timeout=60.0)
        _, edge = sorted(await views(bus, 2), key=lambda one: one.actor)
        assert (edge.actor, edge.to, edge.what) == ("bus://local/second", "bus://local/gate", "mailbox")
        opened.set()
        await asyncio.gather(asked, told)
        assert bus.waits() == ()


async def test_the_graph_says_for_how_long() -> None:
    opened = asyncio.Event()
    async with Bus() as bus:
        bus.spawn(Gate, opened, name="gate")
        asked = bus.ask(bus.spawn(Asker, name="first"), "ask", timeout=60.0)
        await eventually(lambda: any(edge.seconds > 0.0 for edge in bus.waits()))
        opened.set()
        await asked
