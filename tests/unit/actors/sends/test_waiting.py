"""A send for which there was no room waits when it is awaited, and is a dead letter when it is not."""

from __future__ import annotations

import asyncio
import gc

import pytest

from peerbus.actors import Actor, Bus, DeadLetter, DeadlineExceeded, WouldDeadlock, handles


class Narrow(Actor):
    mailbox_limit = 1

    def __init__(self, gate: asyncio.Event, taken: list[int]) -> None:
        super().__init__()
        self.gate, self.taken = gate, taken

    @handles(int)
    async def take(self, message: int) -> None:
        await self.gate.wait()
        self.taken.append(message)


async def test_it_is_sent_once_however_many_await_it_and_when_there_is_room() -> None:
    gate, taken = asyncio.Event(), list[int]()
    async with Bus() as bus:
        ref = bus.spawn(Narrow, gate, taken)
        await bus.started(ref)
        await bus.tell(ref, 0)
        await asyncio.sleep(0)  # the handler holds it
        await asyncio.sleep(0)
        await bus.tell(ref, 1)
        waiting = bus.tell(ref, 2)
        with pytest.raises(WouldDeadlock, match="await it"):
            waiting.get()
        both = asyncio.gather(waiting, waiting)
        await asyncio.sleep(0)
        assert bus.statistics().actors[ref._cell.name or ""].waiting == 1
        gate.set()
        await both
        await ref.stop(block=False)
        assert taken == [0, 1, 2]


async def test_its_deadline_names_the_mailbox_and_one_that_is_dropped_is_a_dead_letter() -> None:
    gate, taken = asyncio.Event(), list[int]()
    async with Bus() as bus, bus.subscribe(DeadLetter) as letters:
        ref = bus.spawn(Narrow, gate, taken)
        await bus.started(ref)
        await bus.tell(ref, 0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await bus.tell(ref, 1)
        with pytest.raises(DeadlineExceeded, match="1 of 1 messages") as late:
            await bus.tell(ref, 2, timeout=0.5)
        assert late.value.phase == "mailbox"
        bus.tell(ref, 3)
        gc.collect()
        assert [(await letters.get()).reason for _ in range(2)] == ["deadline_mailbox", "mailbox_full"]
        gate.set()
        await ref.stop(block=False)
        assert taken == [0, 1]
