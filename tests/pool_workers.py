"""Reactors of a pool that note who handled what, and fail when they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from peerbus.actors import (
    LOCAL,
    Address,
    Bus,
    Channel,
    Message,
    PoolView,
    Reactor,
    Request,
    ResizePool,
    Supervision,
    handles,
)


class Work(Message, Request[str]):
    number: int
    key: str = ""


class Break(Message):
    """Its handler fails."""


class Worker(Reactor):
    channel = Channel("work", messages=(Work, Break))
    supervision = Supervision(backoff=0.001, budget=2, window=60)

    def __init__(self, book: list[tuple[str, int]], pace: float = 0.0) -> None:
        super().__init__()
        self.book = book
        self.pace = pace

    @handles(Work)
    async def work(self, message: Work, sender: Address[object] | None) -> str:
        self.book.append((str(self), message.number))
        if self.pace:
            await asyncio.sleep(self.pace)
        return str(self)

    @handles(Break)
    def fail(self, _: Break) -> None:
        raise RuntimeError("broken")


def view(bus: Bus) -> PoolView:
    return bus.actors.pools["work"]()


async def resized(bus: Bus, members: int) -> PoolView:
    return await bus.ask(LOCAL / "work", ResizePool(members))


async def eventually(until: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not until():  # noqa: ASYNC110  # what members do says no event
            await asyncio.sleep(0.001)
