"""What an `async def` handler does on a traced message is the handling's, whenever the loop comes back to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from peerbus.actors.engine.traced_work import TracedWork
from peerbus.actors.engine.turn_task import discard


class Watched:
    """A handling that says what it hears."""

    detached = False

    def __init__(self) -> None:
        self.said: list[str] = []

    @contextlib.contextmanager
    def current(self) -> Iterator[None]:
        self.said.append("in")
        try:
            yield
        finally:
            self.said.append("out")

    def failed(self, error: BaseException) -> None:
        self.said.append(type(error).__name__)

    def ended(self) -> None:
        self.said.append("ended")


async def test_it_is_entered_while_it_runs_and_ends_once() -> None:
    handling = Watched()
    work = TracedWork(asyncio.sleep(0, "result"), handling)
    assert handling.said == []
    assert await work == "result"
    assert handling.said == ["in", "out", "ended"]


async def test_what_it_raises_is_told() -> None:
    handling = Watched()

    async def fail() -> None:
        raise KeyError(7)

    with pytest.raises(KeyError):
        await TracedWork(fail(), handling)
    assert handling.said == ["in", "out", "KeyError", "ended"]


async def test_one_that_nobody_wants_any_more_is_closed() -> None:
    handling = Watched()
    discard(TracedWork(asyncio.sleep(0), handling))
    assert handling.said == []
