"""Actors on the event loop: what a failed handler does to its actor, by its supervision."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from logging_actors import Log

from peerbus.actors import (
    ActorStopped,
    Bus,
    DeadLetter,
    Directive,
    Ref,
    RemoteError,
    Supervision,
    handles,
)

Turns = Callable[[], Awaitable[None]]
NOW = Supervision(backoff=0.0)


def inside(ref: Ref[Any]) -> Any:
    """The actor itself, which no user gets at."""
    return ref._cell.actor


async def test_a_failed_tell_rebuilds_the_actor_and_keeps_its_mailbox() -> None:
    events: list[object] = []
    async with Bus() as bus, bus.subscribe(DeadLetter) as letters:
        ref = bus.spawn(Log, events, supervision=NOW)
        for message in (1, "poison", 2, b"poison", 3):
            await bus.tell(ref, message)
        assert await bus.ask(ref, 4) == 4
        assert events == ["start", 1, "failure", "start", 2, "failure", "start", 3, 4]
        assert [(await letters.get()).message for _ in range(2)] == ["poison", b"poison"]


async def test_a_failure_beside_a_parked_task_leaves_one_task(turns: Turns) -> None:
    class Detached(Log):
        @handles(dict, reentrant=True)
        async def fail_beside(self, _: dict[str, str]) -> None:
            await asyncio.sleep(1)
            raise ValueError

    async with Bus() as bus:
        ref = bus.spawn(Detached, supervision=NOW)
        await bus.ask(ref, 0.1)  # from now on a task takes the messages
        await bus.tell(ref, {})
        await asyncio.sleep(5)
        assert await bus.ask(ref, 0.1) == 0.1
        assert await bus.ask(ref, 1) == 1
        tasks = [task for task in asyncio.all_tasks() if "detached" in task.get_name()]
        assert len(tasks) <= 1


async def test_handlers_of_the_incarnation_that_failed_end_with_it() -> None:
    class Detached(Log):
        @handles(dict, reentrant=True)
        async def nap_beside(self, _: dict[str, str]) -> None:
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                self.events.append("ended")
                raise

    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Detached, events, supervision=NOW)
        beside = bus.ask(ref, {}, timeout=200)
        await asyncio.sleep(1)
        await bus.tell(ref, "fail")
        with pytest.raises(ActorStopped):
            await beside
        assert await bus.ask(ref, 1) == 1
        assert events == ["start", "failure", "ended", "start", 1]


async def test_a_reply_error_does_not_restart_the_actor() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Log)
        with pytest.raises(RemoteError) as caught:
            await bus.ask(ref, "reason")
        assert caught.value.code == "ValueError"
        assert isinstance(caught.value.__cause__, ValueError)
        assert await bus.ask(ref, 1) == 1
        assert "failure" not in inside(ref).events


async def test_resume_goes_on_with_the_state_as_it_is() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Log, supervision=Supervision(directive=Directive.RESUME))
        for message in (1, "fail", b"fail", 2):
            await bus.tell(ref, message)
        assert await bus.ask(ref, 3) == 3
        assert inside(ref).events == ["start", 1, 2, 3]


async def test_stop_ends_a_failed_actor_without_on_stop() -> None:
    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Log, events, supervision=Supervision(directive=Directive.STOP))
        await bus.tell(ref, "fail")
        with pytest.raises(ActorStopped):
            await bus.ask(ref, 1)
        assert events == ["start", "failure"]
        assert not ref.is_alive()


async def test_a_spent_budget_stops_the_actor() -> None:
    events: list[object] = []
    async with Bus() as bus:
        ref = bus.spawn(Log, events, supervision=Supervision(budget=2, backoff=1))
        for _ in range(3):
            await bus.tell(ref, "fail")
        with pytest.raises(ActorStopped):
            await bus.ask(ref, 1, timeout=60)
        assert events == ["start", "failure"] * 3


async def test_the_backoff_passes_on_the_loops_clock() -> None:
    async with Bus() as bus:
        loop = asyncio.get_running_loop()
        ref = bus.spawn(Log, supervision=Supervision(backoff=2.0))
        await bus.tell(ref, "fail")
        before = loop.time()
        assert await bus.ask(ref, 1) == 1
        assert 2.0 <= loop.time() - before < 2.1
