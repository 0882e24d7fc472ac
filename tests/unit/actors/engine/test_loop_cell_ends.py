"""Actors on the event loop: stop and kill, whatever the actor does at that moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from logging_actors import Log

from peerbus.actors import (
    ActorStopped,
    Bus,
    Ref,
    Supervision,
    handles,
)

Turns = Callable[[], Awaitable[None]]
NOW = Supervision(backoff=0.0)


def inside(ref: Ref[Any]) -> Any:
    """The actor itself, which no user gets at."""
    return ref._cell.actor


async def _awaited(outcome: Awaitable[object]) -> object:
    return await outcome


async def test_stop_handles_what_was_sent_before_and_refuses_the_rest() -> None:
    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Log, events)
        asks = [bus.ask(ref, message) for message in (1, 0.5, 2)]
        stopped = ref.stop(block=False)
        late = bus.ask(ref, 3)
        assert [await ask for ask in asks] == [1, 0.5, 2]
        assert await stopped is True
        with pytest.raises(ActorStopped):
            await late
        assert events == ["start", 1, "nap 0.5", "awake", 2, "stop"]
        assert await ref.stop(block=False) is False


async def test_kill_cancels_the_handler_and_refuses_what_waits() -> None:
    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Log, events)
        handling, waiting = bus.ask(ref, 100.0, timeout=200), bus.ask(ref, 1)
        await asyncio.sleep(1)
        ref._cell.kill("test")
        for ask in (handling, waiting):
            with pytest.raises(ActorStopped):
                await ask
        await asyncio.sleep(1)
        assert events == ["start", "nap 100.0", "cancelled", "stop"]
        assert ref._cell.reason == "test"


async def test_kill_between_two_batches_is_not_lost() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Log)
        actor = inside(ref)
        await bus.ask(ref, 0.0)
        for i in range(200):
            await bus.tell(ref, i)
        await asyncio.sleep(0)
        ref._cell.kill("test")
        await asyncio.sleep(1)
        assert not ref.is_alive()
        assert 199 not in actor.events


@pytest.mark.parametrize("when", ["parked", "new", "idle"])
async def test_kill_of_an_actor_that_does_nothing(when: str) -> None:
    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Log, events)
        if when == "parked":
            await bus.ask(ref, 0.1)
        elif when == "idle":
            await bus.ask(ref, 1)
        ref._cell.kill("test")
        await asyncio.sleep(1)
        assert not ref.is_alive()
        assert (events[-1:] == ["stop"]) is (when != "new")


async def test_kill_of_a_handler_that_swallows_cancellation_or_raises_something_else() -> None:
    class Stubborn(Log):
        @handles(float)
        async def nap(self, seconds: float) -> float:
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:
                if seconds > 50:
                    raise KeyError(seconds) from None
            return seconds

    for seconds in (20.0, 60.0):
        async with Bus() as bus:
            ref = bus.spawn(Stubborn, supervision=NOW)
            actor = inside(ref)
            await bus.tell(ref, seconds)
            await asyncio.sleep(1)
            ref._cell.kill("test")
            await asyncio.sleep(1)
            assert not ref.is_alive()
            assert actor.events == ["start", "stop"]


async def test_kill_while_an_async_on_start_runs() -> None:
    class Slow(Log):
        async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
            await asyncio.sleep(100)

    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Slow, events)
        ask = bus.ask(ref, 1)
        await asyncio.sleep(1)
        ref._cell.kill("test")
        with pytest.raises(ActorStopped):
            await ask
        assert events == []


async def test_kill_while_a_restarted_actor_runs_on_start() -> None:
    class SlowSecond(Log):
        async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
            self.events.append("start")
            if len(self.events) > 1:
                await asyncio.sleep(100)

    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(SlowSecond, events, supervision=NOW)
        await bus.tell(ref, "fail")
        await asyncio.sleep(1)
        assert events == ["start", "failure", "start"]
        ref._cell.kill("test")
        await asyncio.sleep(1)
        assert not ref.is_alive()
        assert events == ["start", "failure", "start"]


async def test_kill_during_a_backoff_ends_at_once_without_on_stop() -> None:
    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Log, events, supervision=Supervision(backoff=5.0))
        await bus.tell(ref, "fail")
        await bus.tell(ref, 1)
        await asyncio.sleep(1)
        ref._cell.kill("test")
        await asyncio.sleep(10)
        assert not ref.is_alive()
        assert events == ["start", "failure"]


async def test_stop_during_a_backoff_waits_for_the_restart_only_if_messages_wait(turns: Turns) -> None:
    events: list[object] = []
    async with Bus() as bus:
        idle = bus.spawn(Log, supervision=Supervision(backoff=5.0))
        await bus.tell(idle, "fail")
        await asyncio.sleep(1)
        stopped = idle.stop(block=False)
        await turns()
        assert stopped.done()
        busy = bus.spawn(Log, events, supervision=Supervision(backoff=5.0))
        await bus.tell(busy, "fail")
        await bus.tell(busy, 1)
        await asyncio.sleep(1)
        assert await busy.stop(block=False) is True
        assert events == ["start", "failure", "start", 1, "stop"]


async def test_kill_cuts_an_on_stop_that_hangs() -> None:
    class Hangs(Log):
        async def on_stop(self) -> None:  # type: ignore[override]  # Pykka says None
            self.events.append("stopping")
            await asyncio.sleep(1000)

    async with Bus() as bus:
        ref = bus.spawn(Hangs)
        actor = inside(ref)
        stopped = ref.stop(block=False)
        await asyncio.sleep(1)
        assert not stopped.done()
        ref._cell.kill("test")
        assert await stopped is True
        assert actor.events == ["start", "stopping"]


async def test_stop_waits_for_reentrant_handlers() -> None:
    class Detached(Log):
        @handles(dict, reentrant=True)
        async def nap_beside(self, _: dict[str, str]) -> str:
            await asyncio.sleep(3)
            self.events.append("done")
            return "done"

    async with Bus() as bus:
        ref = bus.spawn(Detached)
        actor = inside(ref)
        ask = bus.ask(ref, {})
        await bus.ask(ref, 1)
        assert await ref.stop(block=False) is True
        assert await ask == "done"
        assert actor.events == ["start", 1, "done", "stop"]


async def test_a_stop_while_the_mailbox_is_full_and_senders_wait_refuses_the_senders() -> None:
    class Tiny(Log):
        mailbox_limit = 1

    async with Bus() as bus:
        ref = bus.spawn(Tiny)
        await bus.tell(ref, 1)
        waiting = asyncio.ensure_future(_awaited(bus.tell(ref, 2)))
        await asyncio.sleep(0)
        stopped = ref.stop(block=False)
        assert await stopped is True
        with pytest.raises(ActorStopped):
            await waiting
