"""What a link asks of the bus: whether a reactor may be named to peers, and to tell an actor of an end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from peerbus.actors import Actor, Bus, Channel, Peer, Reactor, Terminated, handles
from peerbus.transports.sending.sending_host import declares, notify


@dataclass(frozen=True)
class Put:
    number: int


CHANNEL = Channel("desk", messages=(Put,))
EVENT = Terminated(Peer("b" * 64) / CHANNEL, "stopped")


class Desk(Reactor):
    channel = CHANNEL

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Terminated] = []

    @handles(Put)
    def put(self, put: Put) -> None:
        """Nobody does."""

    @handles(Terminated)
    def hear(self, event: Terminated) -> None:
        self.heard.append(event)


class Plain(Actor):
    """It has no channel."""


async def test_a_reactor_under_its_own_name_is_declared_and_nothing_else() -> None:
    async with Bus("test") as bus:
        await bus.started(bus.spawn(Desk))
        await bus.started(bus.spawn(Plain, name="plain"))
        assert [declares(bus, name) for name in ("desk", "plain", "nobody")] == [True, False, False]


async def test_an_actor_that_runs_here_is_told_and_nobody_else_minds() -> None:
    async with Bus("test") as bus:
        await bus.started(bus.spawn(Desk))
        notify(bus, "desk", EVENT)
        notify(bus, "nobody", EVENT)
        cell = bus.cell("desk")
        assert cell is not None
        for _ in range(3):
            await asyncio.sleep(0)
        assert isinstance(cell.actor, Desk)
        assert cell.actor.heard == [EVENT]
