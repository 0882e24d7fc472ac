"""The task of a hook: it says how the hook has ended, and lets the loop's own end pass."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar, copy_context

import pytest

from peerbus.actors.engine.hook_task import hook_task

LIGHT: ContextVar[str] = ContextVar("LIGHT", default="off")


async def hook(error: BaseException | None) -> None:
    LIGHT.set("on")
    if error is not None:
        raise error


@pytest.mark.parametrize("error", [None, ValueError("no"), KeyError("none")])
async def test_it_says_how_the_hook_has_ended_in_the_actors_context(error: BaseException | None) -> None:
    ended: list[object] = []
    context = copy_context()
    task = hook_task("actor", hook(error), asyncio.get_running_loop(), context, ended.append)
    assert task.get_name() == "peerbus actor hook"
    await task
    assert ended == [error]
    assert context[LIGHT] == "on"


async def test_one_that_is_cancelled_is_told_as_such_and_stays_cancelled() -> None:
    ended: list[object] = []
    task = hook_task("actor", asyncio.Event().wait(), asyncio.get_running_loop(), copy_context(), ended.append)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert isinstance(ended[0], asyncio.CancelledError)
