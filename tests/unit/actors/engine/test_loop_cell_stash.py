"""Actors on the event loop: messages put aside, and timers of incarnations."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from logging_actors import Log

from peerbus.actors import (
    Actor,
    ActorStopped,
    Bus,
    DeadLetter,
    DeadlineExceeded,
    Ref,
    Supervision,
    handles,
)

NOW = Supervision(backoff=0.0)


def inside(ref: Ref[Any]) -> Any:
    """The actor itself, which no user gets at."""
    return ref._cell.actor


class Door(Actor):
    """Puts messages aside until it is opened."""

    def __init__(self, seen: list[object]) -> None:
        super().__init__()
        self.seen = seen
        self.is_open = False

    @handles(int)
    def number(self, message: int) -> int | None:
        if not self.is_open:
            self.put_aside()
            return None
        self.seen.append(message)
        return message * 10

    @handles(float)
    async def later(self, message: float) -> float | None:
        await asyncio.sleep(0)
        if not self.is_open:
            self.put_aside()
            return None
        self.seen.append(message)
        return message * 10

    @handles(str)
    def open(self, message: str) -> None:
        if message == "fail":
            raise ValueError
        self.is_open = True
        self.take_up()


async def test_what_was_put_aside_is_handled_first_and_answered_then() -> None:
    seen: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Door, seen)
        asks = [bus.ask(ref, message) for message in (1, 2.0, 3)]
        await bus.tell(ref, "open")
        last = bus.ask(ref, 4)
        assert [await ask for ask in (*asks, last)] == [10, 20.0, 30, 40]
        assert seen == [1, 2.0, 3, 4]


async def test_a_deadline_of_a_message_put_aside_does_not_harm_the_actor() -> None:
    seen: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Door, seen)
        with pytest.raises(DeadlineExceeded):
            await bus.ask(ref, 2.0, timeout=1)
        await bus.tell(ref, "open")
        assert await bus.ask(ref, 3) == 30
        assert seen == [3]


async def test_what_was_put_aside_is_refused_when_the_actor_stops() -> None:
    async with Bus() as bus, bus.subscribe(DeadLetter) as letters:
        ref = bus.spawn(Door, [])
        ask = bus.ask(ref, 1)
        await ref.stop(block=False)
        with pytest.raises(ActorStopped):
            await ask
        assert (await letters.get()).message == 1


async def test_what_was_put_aside_outlives_a_restart() -> None:
    seen: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Door, seen, supervision=NOW)
        ask = bus.ask(ref, 1)
        await bus.tell(ref, "fail")
        await bus.tell(ref, "open")
        assert await ask == 10


async def test_timers_die_with_the_incarnation_that_set_them() -> None:
    class Ticks(Log):
        async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
            self.events.append("start")
            self.every(1.0, 1)
            self.after(0.5, 2)

    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Ticks, events, supervision=Supervision(backoff=10.0))
        await asyncio.sleep(2.2)
        assert events == ["start", 2, 1, 1]
        await bus.tell(ref, "fail")
        await asyncio.sleep(9)
        assert events == ["start", 2, 1, 1, "failure"]
        await asyncio.sleep(2.5)
        assert events[5:] == ["start", 2, 1]
        ref.stop(block=False)
        await asyncio.sleep(10)
        assert events[8:] == ["stop"]


async def test_a_tick_without_room_is_missed_but_an_appointment_is_kept() -> None:
    class Tiny(Log):
        mailbox_limit = 1

        @handles(dict)
        async def start_timers(self, _: dict[str, str]) -> None:
            self.ticker = self.every(1.0, 1)
            self.after(1.5, 2)
            await asyncio.sleep(3.5)

    async with Bus() as bus:
        ref = bus.spawn(Tiny)
        await bus.tell(ref, {})
        await asyncio.sleep(0.1)
        await bus.tell(ref, 7)
        await asyncio.sleep(3.6)
        actor = inside(ref)
        assert actor.events == ["start", 2, 7]
        assert actor.ticker.missed == 3
        actor.ticker.cancel()
        actor.ticker.cancel()
        assert not actor.ticker.active
