"""An actor on the loop says what holds it, and notes what comes meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from virtual_time import eventually, in_virtual_time

from peerbus.actors import Actor, Bus, handles
from peerbus.actors.engine.held_cell import HeldCell
from peerbus.actors.engine.reentrant import MAX_BESIDE


@dataclass(frozen=True)
class Job:
    """Anything."""


class Awaits(Actor):
    def __init__(self, go: asyncio.Event) -> None:
        super().__init__()
        self.go = go

    @handles(Job)
    async def hold(self, _: Job) -> None:
        await self.go.wait()


class Beside(Awaits):
    @handles(Job, reentrant=True)
    async def hold(self, _: Job) -> None:
        await self.go.wait()


@in_virtual_time
async def test_a_handler_that_is_awaited_holds_its_actor_until_it_is_over() -> None:
    async with Bus() as bus:
        go = asyncio.Event()
        ref = bus.spawn(Awaits, go)
        cell = ref._cell
        assert isinstance(cell, HeldCell)
        await bus.started(ref)
        assert not cell.held
        await bus.tell(ref, Job())
        await eventually(lambda: cell.held)
        await bus.tell(ref, Job())
        await asyncio.sleep(3.0)
        assert cell.mailbox.overlooked(held=True) is None
        assert 2.9 < bus.arrivals.ages()["-"] <= 3.0
        go.set()
        await eventually(lambda: not cell.held)


@in_virtual_time
async def test_reentrant_handlers_hold_it_when_they_are_as_many_as_may_be() -> None:
    async with Bus() as bus:
        go = asyncio.Event()
        ref = bus.spawn(Beside, go)
        cell = ref._cell
        for _ in range(MAX_BESIDE):
            await bus.tell(ref, Job())
            if cell.mailbox.queued > 100:
                await asyncio.sleep(0.01)
        await eventually(lambda: cell.held)
        assert bus.arrivals.ages() == {}
        await bus.tell(ref, Job())
        await asyncio.sleep(3.0)
        assert 2.9 < bus.arrivals.ages()["-"] <= 3.0
        go.set()
        await eventually(lambda: not cell.mailbox.filled and not cell.held)


@in_virtual_time
async def test_a_tell_that_is_handled_beside_others_holds_nobody_that_waits_for_room() -> None:
    async with Bus() as bus:
        go = asyncio.Event()
        ref = bus.spawn(Beside, go)
        cell = ref._cell
        assert isinstance(cell, HeldCell)
        await bus.tell(ref, Job())
        await eventually(lambda: cell.at_work() == 1)
        assert cell.task_of(None) is None
        go.set()
