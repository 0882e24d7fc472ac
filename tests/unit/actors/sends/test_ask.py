"""The answer to an ask, as its asker holds it."""

from __future__ import annotations

import asyncio

import pytest

from peerbus.actors import Actor, Bus, DeadlineExceeded, WouldDeadlock, handles


class Answers(Actor):
    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.ended: list[str] = []

    @handles(int)
    async def double(self, message: int) -> int:
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        return 2 * message


async def test_get_on_the_loop_gives_what_is_there_and_refuses_to_wait() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Answers)
        ask = bus.ask(ref, 4)
        with pytest.raises(WouldDeadlock, match="await it"):
            ask.get()
        inside = ref._cell.actor
        assert isinstance(inside, Answers)
        inside.gate.set()
        assert (await ask, ask.get()) == (8, 8)


async def test_who_cancels_an_ask_or_lets_its_time_run_out_cancels_the_handler() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Answers)
        await bus.started(ref)
        inside = ref._cell.actor
        assert isinstance(inside, Answers)
        task = asyncio.ensure_future(bus.ask(ref, 1))
        for _ in range(3):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(DeadlineExceeded, match="spent in: handler") as late:
            await bus.ask(ref, 2, timeout=0.2)
        assert late.value.message == 2
        await asyncio.sleep(0)
        assert inside.ended == ["cancelled", "cancelled"]
