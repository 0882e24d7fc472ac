"""An awaitable runs to its end on a loop of its own, in the context that is given."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar, copy_context

import pytest

from peerbus.actors.engine.private_loop import run_to_end

LIGHT: ContextVar[str] = ContextVar("LIGHT", default="off")


async def light(*, fails: bool) -> str:
    await asyncio.sleep(0)
    LIGHT.set("on")
    if fails:
        raise SystemExit(3)
    return LIGHT.get()


def test_what_it_comes_to_is_returned_and_its_context_kept() -> None:
    context = copy_context()
    with asyncio.Runner() as runner:
        assert run_to_end(runner, light(fails=False), context) == "on"
    assert context[LIGHT] == "on"
    assert LIGHT.get() == "off"


def test_what_it_raises_is_raised_and_leaves_the_loop_as_it_was() -> None:
    with asyncio.Runner() as runner:
        with pytest.raises(SystemExit):
            run_to_end(runner, light(fails=True), copy_context())
        assert run_to_end(runner, light(fails=False), copy_context()) == "on"
