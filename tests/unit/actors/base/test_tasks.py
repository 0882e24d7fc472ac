"""Tasks that handlers start: they end with their actor, and their failures are the actor's."""

from __future__ import annotations

import asyncio
import gc
import warnings
from typing import Any

import pytest

from peerbus.actors import Actor, ActorFailed, Bus, Directive, PeerbusError, Supervision, handles

WAIT = 10.0


class Keeper(Actor):
    """Starts a task that waits for ever, and notes how tasks end."""

    def __init__(self, notes: list[str]) -> None:
        super().__init__()
        self.notes = notes

    async def linger(self) -> None:
        self.notes.append("begun")
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(0)
            self.notes.append("cancelled")

    async def double(self, number: int) -> int:
        return 2 * number

    def on_stop(self) -> None:
        self.notes.append("on_stop")

    @handles(str)
    async def start_lingering(self, message: str) -> str:
        task = self.create_task(self.linger(), name=message)
        await asyncio.sleep(0)
        return task.get_name()

    @handles(int)
    async def doubled(self, number: int) -> int:
        return await self.create_task(self.double(number))

    @handles(float)
    def fail(self, message: float) -> None:
        raise RuntimeError("on purpose")

    @handles(bytes)
    async def start_failing(self, message: bytes) -> str:
        try:
            await self.create_task(self._failing())
        except ValueError:
            return "it failed here too"
        return "it did not fail"

    async def _failing(self) -> None:
        raise ValueError("in a task")


async def test_a_task_gives_its_result_to_whoever_awaits_it() -> None:
    async with Bus() as bus:
        assert await bus.ask(bus.spawn(Keeper, []), 21) == 42


@pytest.mark.parametrize("how", ["stop", "kill", "restart"])
async def test_a_task_ends_with_its_actor(how: str) -> None:
    notes: list[str] = []
    async with Bus() as bus:
        ref = bus.spawn(Keeper, notes, supervision=Supervision(backoff=0.0))
        assert await bus.ask(ref, "mine") == "mine"
        if how == "restart":
            await bus.tell(ref, 1.0)
            assert await bus.ask(ref, 1, timeout=WAIT) == 2
            assert notes == ["begun", "cancelled"]
        elif how == "kill":
            ref._cell.kill("the test says so")
        await asyncio.wait_for(ref.stop(block=False), WAIT)
        # The actor has ended only when its tasks have.
        assert notes == ["begun", "cancelled", "on_stop"]
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "mine"]


@pytest.mark.parametrize("directive", [Directive.RESTART, Directive.STOP])
async def test_a_failure_of_a_task_is_the_actors_also_where_it_is_awaited(directive: Directive) -> None:
    async with Bus() as bus:
        with bus.subscribe(ActorFailed) as failures:
            ref = bus.spawn(Keeper, [], supervision=Supervision(directive=directive, backoff=0.0))
            bus.tell(ref, b"")
            failed = await asyncio.wait_for(failures.get(), WAIT)
            assert (repr(failed.error), failed.directive) == ("ValueError('in a task')", directive.value)


async def test_a_task_of_on_start_that_fails_before_the_first_message_fails_the_actor() -> None:
    class Early(Keeper):
        async def on_started(self) -> None:
            task = self.create_task(self._failing())
            await asyncio.wait([task])

    async with Bus() as bus:
        with bus.subscribe(ActorFailed) as failures:
            ref = bus.spawn(Early, [], supervision=Supervision(directive=Directive.STOP))
            await bus.started(ref)
            assert repr((await asyncio.wait_for(failures.get(), WAIT)).error) == "ValueError('in a task')"
            assert await asyncio.wait_for(ref.stop(block=False), WAIT) in (True, False)


async def test_what_cannot_have_a_task_says_so() -> None:
    class OnThread(Actor):
        dispatcher = "thread"

        @handles(str)
        def start(self, message: str) -> str:  # type: ignore[override]  # not Pykka's
            with pytest.raises(PeerbusError, match="only actors on the event loop"):
                self.create_task(asyncio.sleep(0))
            return "said"

    class AtTheEnd(Actor):
        async def on_stopping(self) -> None:
            with pytest.raises(PeerbusError, match="stopping"):
                self.create_task(asyncio.sleep(0))

        @handles(str)
        def wrong(self, message: str) -> str:
            wrong: Any = asyncio.sleep
            with pytest.raises(TypeError, match=r"self\.create_task\(self\.poll\(\)\)"):
                self.create_task(wrong)
            return "said"

    async with Bus() as bus:
        for kind in (OnThread, AtTheEnd):
            assert await bus.ask(bus.spawn(kind), "x") == "said"


@pytest.mark.parametrize("cancelled", ["by the actor's end", "by hand"])
async def test_a_task_that_is_cancelled_before_it_begins_is_closed(cancelled: str) -> None:
    begun: list[str] = []

    class Hasty(Actor):
        @handles(str)
        def begin(self, message: str) -> None:
            task = self.create_task(self.note())
            if message == "by hand":
                task.cancel()
            else:
                raise RuntimeError("on purpose")

        async def note(self) -> None:
            begun.append("begun")

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        async with Bus() as bus:
            await bus.tell(bus.spawn(Hasty), cancelled)
            await asyncio.sleep(0.01)
        gc.collect()
    assert begun == []
    assert [str(each.message) for each in warned] == []
