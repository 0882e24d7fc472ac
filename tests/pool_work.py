"""What pools are tried with: actors that note what they handle, and wait at a gate."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from peerbus.actors import (
    Channel,
    Key,
    Message,
    Pool,
    Reactor,
    Request,
    handles,
)
from peerbus.actors.pools.plan import PoolPick

#: Dispatchers, as the arguments of a pool.
PICKS: tuple[PoolPick, ...] = ("least", "all")


WHERE = [pytest.param("members", id="loop"), pytest.param("threads", id="thread")]


class Work(Message, Request[str]):
    """Answered with who did it."""

    number: int
    key: str = ""


class Flush(Message, Request[int]):
    """All members get it."""


class Other(Message):
    """Of no channel."""


class Gate:
    """Holds members up until it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.at_it = threading.Semaphore(0)


class Worker(Reactor):
    """Keeps what it got, in a book that all members share."""

    channel = Channel("work", messages=(Work, Flush), mailbox=4, timeout=5)

    def __init__(self, book: list[tuple[str, object]] | None = None) -> None:
        super().__init__()
        self.book = [] if book is None else book

    @handles(Work)
    def work(self, message: Work) -> str:
        self.book.append((str(self), message.number))
        return str(self)

    @handles(Flush)
    def flush(self, _: Flush) -> int:
        self.book.append((str(self), "flush"))
        return sum(1 for who, _ in self.book if who == str(self))


class Slow(Reactor):
    """On the loop: waits for an event with each message."""

    channel = Channel("work", messages=(Work, Flush), mailbox=4, timeout=5)

    def __init__(self, book: list[tuple[str, object]], go: asyncio.Event) -> None:
        super().__init__()
        self.book = book
        self.go = go

    @handles(Work)
    async def work(self, message: Work) -> str:
        self.book.append((str(self), message.number))
        await self.go.wait()
        return str(self)

    @handles(Flush)
    async def flush(self, _: Flush) -> int:
        self.book.append((str(self), "flush"))
        return 1


def by_key(message: object) -> Any:
    """All get a Flush, the member of its key gets Work."""
    return Key(message.key) if isinstance(message, Work) else "all"


def pool(where: str, count: int, *args: Any, **said: Any) -> Pool[Worker]:
    said[where] = count
    return Pool(partial(Worker, *args), **said)


async def spun(until: Callable[[], object]) -> None:
    """Let the loop come round until it is so."""
    for _ in range(2_000):
        if until():
            return
        await asyncio.sleep(0)
    raise AssertionError("it did not come so far")


async def eventually(until: Callable[[], object]) -> None:
    """Let time pass until it is so, which takes real time where members are threads."""
    async with asyncio.timeout(10):
        while not until():  # noqa: ASYNC110  # what members do says no event
            await asyncio.sleep(0.001)
