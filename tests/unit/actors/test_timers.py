"""Timers of an actor."""

from __future__ import annotations

import asyncio

import pytest

from peerbus.actors import Actor, Bus, Supervision, Timer, handles


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


class Beats(Ticks):
    """Sets its timers before it has begun."""

    def __init__(self) -> None:
        super().__init__()
        self.every(2.0, "beat")
        self.after(3.0, "never").cancel()


async def test_a_timer_that_the_constructor_sets_begins_with_the_actor_and_with_each_restart() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Beats, supervision=Supervision(backoff=0.5))
        await asyncio.sleep(4.5)
        first = ref._cell.actor
        assert isinstance(first, Beats)
        assert [message for message, _ in first.got] == ["beat", "beat"]
        await bus.tell(ref, 0.0)  # an interval that is refused, so the actor is rebuilt
        await asyncio.sleep(5.0)
        second = ref._cell.actor
        assert isinstance(second, Beats)
        assert second is not first
        assert [message for message, _ in second.got] == ["beat", "beat"]
        assert len(first.got) == 2


async def test_a_constructor_that_fails_leaves_no_timer() -> None:
    class Fails(Beats):
        def __init__(self) -> None:
            super().__init__()
            raise ValueError("no")

    async with Bus() as bus:
        before = len(asyncio.get_running_loop()._scheduled)  # type: ignore[attr-defined]  # there is no public way
        with pytest.raises(ValueError, match="no"):
            bus.spawn(Fails)
        assert len(asyncio.get_running_loop()._scheduled) == before  # type: ignore[attr-defined]  # as above


async def test_a_timer_that_is_set_while_the_actor_stops_never_ticks() -> None:
    late: list[Timer] = []

    class Late(Ticks):
        @handles(bytes, reentrant=True)
        async def linger(self, _: bytes) -> None:
            await asyncio.sleep(1)
            late.append(self.every(0.1, "late"))

        def on_stop(self) -> None:
            late.append(self.every(0.1, "later"))

    async with Bus() as bus:
        ref = bus.spawn(Late)
        bus.tell(ref, b"")
        assert await ref.stop(block=False)
        assert len(late) == 2
        assert not any(timer.active for timer in late)
        await asyncio.sleep(1)
        assert not any(timer.missed for timer in late)
