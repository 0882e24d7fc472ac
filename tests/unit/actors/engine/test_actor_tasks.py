"""The tasks that an actor's handlers start: they end with it, and what one raises is its failure."""

from __future__ import annotations

import asyncio

import pytest

from peerbus.actors import PeerbusError
from peerbus.actors.engine.actor_tasks import ActorTasks


class Owner:
    """Notes what it is told of its tasks."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.settled = asyncio.Event()

    def exits(self, error: BaseException) -> None:
        self.told.append(error)

    def task_failed(self, name: str, error: BaseException) -> None:
        self.told.append((name, type(error)))

    def settle(self) -> None:
        self.settled.set()

    def __str__(self) -> str:
        return "owner"


async def fails(error: BaseException) -> None:
    raise error


async def test_a_task_that_fails_is_named_and_its_owner_may_go_on() -> None:
    owner = Owner()
    tasks = ActorTasks(owner, asyncio.get_running_loop())
    task = tasks.start(fails(ValueError("no")), None)
    assert task.get_name() == "peerbus owner fails"
    assert tasks
    await owner.settled.wait()
    assert owner.told == [("peerbus owner fails", ValueError)]
    assert not tasks


async def test_what_ends_the_program_is_told_and_does_not_end_the_loop() -> None:
    owner = Owner()
    tasks = ActorTasks(owner, asyncio.get_running_loop())
    error = SystemExit(3)
    task = tasks.start(fails(error), "ends")
    with pytest.raises(PeerbusError, match="ended the program"):
        await task
    await owner.settled.wait()
    assert owner.told[0] is error


async def test_they_are_cancelled_together() -> None:
    owner = Owner()
    tasks = ActorTasks(owner, asyncio.get_running_loop())
    task = tasks.start(asyncio.Event().wait(), "waits")
    tasks.cancel_all()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert owner.told == []
