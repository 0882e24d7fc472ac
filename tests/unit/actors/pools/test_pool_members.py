"""The members of a pool: who has which key, also when one of them has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from peerbus.actors import (
    LOCAL,
    Address,
    Bus,
    Channel,
    Key,
    Message,
    Pool,
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


def by_key(message: object) -> Any:
    return Key(message.key) if isinstance(message, Work) and message.key else "least"


async def test_the_keys_of_a_member_that_has_ended_go_to_the_others() -> None:
    book: list[tuple[str, int]] = []
    async with Bus(reactors=[Pool(partial(Worker, book), members=3, pick=by_key)]) as bus:
        before = {str(n): await bus.ask(LOCAL / Worker, Work(n, str(n))) for n in range(20)}
        for _ in range(3):
            await bus.tell(LOCAL / "work.2", Break())
        await eventually(lambda: view(bus).lost == 1)
        after = {str(n): await bus.ask(LOCAL / Worker, Work(n, str(n))) for n in range(20)}
        assert {key for key in after if after[key] != before[key]} == {k for k in before if before[k] == "work.2"}
