"""Timers of an actor."""

from __future__ import annotations

import asyncio

import pytest

from peerbus.actors import Actor, Bus, Timer, handles


class Ticks(Actor):
    def __init__(self) -> None:
        super().__init__()
        self.got: list[tuple[str, str]] = []

    @handles(float)
    def every_so_often(self, interval: float) -> Timer:
        return self.every(interval, f"every {interval}")

    @handles(int)
    def once(self, delay: int) -> Timer:
        return self.after(delay, f"after {delay}")

    @handles(str)
    def tick(self, message: str, sender: object) -> None:
        self.got.append((message, str(sender)))


async def test_timers_fire_on_time_until_they_are_cancelled() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Ticks, name="ticks")
        every = await bus.ask(ref, 2.0, reply=Timer)
        once = await bus.ask(ref, 3, reply=Timer)
        never = await bus.ask(ref, 4, reply=Timer)
        never.cancel()
        assert (every.active, once.active, never.active) == (True, True, False)
        await asyncio.sleep(6.5)
        every.cancel()
        await asyncio.sleep(10)
        actor = ref._cell.actor
        assert isinstance(actor, Ticks)
        assert [message for message, _ in actor.got] == ["every 2.0", "after 3", "every 2.0", "every 2.0"]
        assert {sender for _, sender in actor.got} == {"bus://local/ticks"}
        assert not every.active
        assert not once.active
        assert len(actor._timers()) == 0


async def test_an_interval_of_nothing_is_refused() -> None:
    async with Bus() as bus:
        actor = bus.spawn(Ticks)._cell.actor
        assert actor is not None
        for interval in (0, -1, float("nan")):
            with pytest.raises(ValueError, match="above 0 seconds"):
                actor.every(interval, "x")
        with pytest.raises(ValueError, match="a number of seconds, not nan"):
            actor.after(float("nan"), "x")
