"""What every actor has: its ref, its timers, its tasks, its stash."""

from __future__ import annotations

import asyncio
import inspect

import pytest

from peerbus.actors import Actor, Bus, PeerbusError, Ref, handles


class Busy(Actor):
    """Does what it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []
        self.rung = asyncio.Event()

    @handles(float)
    def wait(self, delay: float) -> None:
        self.after(delay, "rang")

    @handles(str)
    def ring(self, message: str) -> None:
        self.heard.append(message)
        self.rung.set()

    @handles(int)
    def keep(self, number: int) -> int:
        if number:
            self.put_aside()
        else:
            self.take_up()
        return number


async def test_a_timer_brings_its_message_and_a_stash_its_own() -> None:
    made: list[Busy] = []

    def busy() -> Busy:
        made.append(Busy())
        return made[-1]

    async with Bus() as bus:
        ref: Ref[Busy] = bus.spawn(busy, name="busy")
        assert made[0].actor_ref is ref
        assert str(made[0]) == "busy"
        await bus.tell(ref, 0.0)
        await made[0].rung.wait()
        assert made[0].heard == ["rang"]


async def test_one_that_has_not_started_starts_no_task_and_lets_its_coroutine_go() -> None:
    async def work() -> None: ...

    coroutine = work()

    class Hasty(Busy):
        def __init__(self) -> None:
            super().__init__()
            self.create_task(coroutine)

    async with Bus() as bus:
        with pytest.raises(PeerbusError, match="has not started"):
            bus.spawn(Hasty)
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED


async def test_whoever_handles_nothing_puts_nothing_aside() -> None:
    made: list[Busy] = []

    def busy() -> Busy:
        made.append(Busy())
        return made[-1]

    async with Bus() as bus:
        bus.spawn(busy)
        with pytest.raises(PeerbusError, match="handles no message"):
            made[0].put_aside()
