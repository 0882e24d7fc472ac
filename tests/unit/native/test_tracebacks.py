"""Tracebacks of both builds point to the source: file, line and function of what stands there."""

from __future__ import annotations

import asyncio
import linecache
import traceback
from types import TracebackType
from typing import Any

import pytest

from peerbus.actors import Actor, Bus, Supervision, handles
from peerbus.actors.mailbox.mailbox import Mailbox


def test_an_error_of_the_core_says_which_line_of_the_source_raised_it() -> None:
    with pytest.raises(IndexError) as caught:
        Mailbox().get()
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert frame.filename.endswith("peerbus/actors/mailbox/mailbox.py")
    assert frame.name == "get"
    assert frame.line == 'raise IndexError("the mailbox is empty")'


class Fails(Actor):
    """Raises, one call deep, and keeps what its failure hears."""

    def __init__(self, heard: asyncio.Future[traceback.StackSummary]) -> None:
        super().__init__()
        self.heard = heard

    @handles(int)
    def fail(self, _: int) -> None:
        self.deeper()

    def deeper(self) -> None:
        raise LookupError("on purpose")

    def on_failure(self, _kind: Any, _error: Any, trace: TracebackType | None) -> None:
        self.heard.set_result(traceback.extract_tb(trace))


async def test_what_a_handler_raises_comes_by_the_line_of_the_core_that_called_it() -> None:
    async with Bus() as bus:
        heard: asyncio.Future[traceback.StackSummary] = bus.loop.create_future()
        await bus.tell(bus.spawn(Fails, heard, supervision=Supervision(budget=0)), 1)
        core, *others = await heard
    assert core.filename.endswith("peerbus/actors/engine/turn.py")
    assert core.name == "run_turn"
    assert core.line == "result = function(actor, message)"
    own = [frame for frame in others if frame.filename == __file__]
    assert [frame.name for frame in own] == ["fail", "deeper"]
    assert own[-1].line == linecache.getline(__file__, own[-1].lineno or 0).strip()
