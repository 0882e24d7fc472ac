"""What every product is measured through: the sending end of a connection to one receiver in another process."""

from __future__ import annotations

import asyncio
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol, runtime_checkable

from .timing import BATCH, Until, confirm, in_flight, latencies

__all__ = ["AsksBeside", "Client", "LoopClient", "Offered", "ReadsStreams", "SyncClient", "TellsMany", "one_way"]

#: Seconds between two questions for the count, where the first one came too early.
_ASK_AGAIN = 0.001
#: Seconds after which what was not counted is taken for lost.
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Offered:
    """What a sender did: calls that it made, and those of them that told it of a failure."""

    sent: int
    failed: int = 0


class Client(Protocol):
    """Blocking: each call does its part and returns. A product writes each loop itself, so that no call is in between.

    `between`: processes between sender and receiver, a broker.
    """

    between: tuple[int, ...]

    @property
    def pid(self) -> int:
        """The process that sends."""

    def tell(self, payload: bytes, until: Until, every: int = BATCH) -> Offered:
        """Send messages of a number and `payload`, as fast as the product takes them; look at `until` each `every`."""

    def ask(self, payload: bytes, until: Until) -> list[float]:
        """Send, wait for the echo, again; seconds of each."""

    def in_flight(self, payload: bytes, until: Until) -> float:
        """Echoes per second with 64 of them under way."""

    def count(self) -> int:
        """Ask the receiver, through the product, how many messages it has counted."""

    def idle(self, seconds: float) -> None:
        """Let time pass in which the product may do its work."""


@runtime_checkable
class AsksBeside(Protocol):
    """A client that asks on another channel to the same peer while it sends."""

    #: When (by perf_counter) each ask was made, and the seconds it took.
    beside: list[tuple[float, float]]

    def rest(self, seconds: float) -> list[float]:
        """Ask on the other channel while nothing is sent."""


@runtime_checkable
class TellsMany(Protocol):
    """A client of a product that takes many messages in one call."""

    def by_many(self) -> Client:
        """The same client, sending so."""


@runtime_checkable
class ReadsStreams(Protocol):
    """A client of a product whose receiver answers in items, one after the other."""

    def read(self, payload: bytes, until: Until) -> float:
        """Read items with this payload; how many a second."""


class SyncClient:
    """A product with blocking calls, in this process."""

    between: tuple[int, ...] = ()

    @property
    def pid(self) -> int:
        """This process."""
        return os.getpid()

    def idle(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


class LoopClient(ABC):
    """A product on an event loop, whose runner it is given: the loops below run on it, nothing outside them does."""

    between: tuple[int, ...] = ()

    def __init__(self, runner: asyncio.Runner) -> None:
        self.runner = runner
        self.run = runner.run

    @property
    def pid(self) -> int:
        """This process."""
        return os.getpid()

    def tell(self, payload: bytes, until: Until, every: int = BATCH) -> Offered:
        """See Client."""
        return self.run(self.telling(payload, until, every))

    def ask(self, payload: bytes, until: Until) -> list[float]:
        """See Client."""
        return self.run(latencies(lambda seq: self.request(seq, payload), until))

    def in_flight(self, payload: bytes, until: Until) -> float:
        """See Client."""
        return self.run(in_flight(lambda seq: self.request(seq, payload), until))

    def count(self) -> int:
        """See Client."""
        return self.run(self.counted())

    def idle(self, seconds: float) -> None:
        """Run the loop."""
        self.run(asyncio.sleep(seconds))

    @abstractmethod
    async def telling(self, payload: bytes, until: Until, every: int) -> Offered:
        """`tell`, on the loop; returns when all is handed over to the product."""

    @abstractmethod
    def request(self, seq: int, payload: bytes) -> Awaitable[object]:
        """One echo."""

    @abstractmethod
    async def counted(self) -> int:
        """`count`, on the loop."""


def one_way(client: Client, payload: bytes, seconds: float) -> float:
    """Messages per second, until the receiver has confirmed them. Raises RuntimeError where it never does."""
    before = client.count()
    start = perf_counter()
    offered = client.tell(payload, Until(seconds))
    sent, patience = offered.sent - offered.failed, Until(_PATIENCE)
    while (counted := client.count() - before) < sent and not patience.over():
        client.idle(_ASK_AGAIN)
    confirm(counted, sent)
    return sent / (perf_counter() - start)
