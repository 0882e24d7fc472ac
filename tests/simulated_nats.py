"""The NATS server of the tests on virtual time: connections with delays, messages that are lost, servers that go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

from fake_nats import FakeNats, NatsClient

__all__ = ["SimulatedNats"]


class _End(asyncio.Transport):
    """One end of a connection in memory, whose bytes take up to `most` seconds, in order."""

    def __init__(self, protocol: asyncio.Protocol, rng: Random, most: float) -> None:
        super().__init__()
        self.protocol = protocol
        self.other = self
        self._rng, self._most = rng, most
        self._loop = asyncio.get_running_loop()
        self._last = 0.0
        self._closing = self._lost = self._paused = False
        self._flying = 0
        self._high = 64 * 1024

    @classmethod
    def pair(cls, one: asyncio.Protocol, other: asyncio.Protocol, rng: Random, most: float) -> tuple[_End, _End]:
        ends = cls(one, rng, most), cls(other, rng, most)
        ends[0].other, ends[1].other = ends[1], ends[0]
        return ends

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        if high is not None:
            self._high = high

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def is_closing(self) -> bool:
        return self._closing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing or not data:
            return
        self._flying += len(data)
        self._later(partial(self._arrives, bytes(data)))
        if self._flying > self._high and not self._paused:
            self._paused = True
            self.protocol.pause_writing()

    def close(self) -> None:
        """The other end hears of it behind what was written."""
        if not self._closing:
            self._closing = True
            self._later(partial(self.other.lose, None))
            self._loop.call_soon(self.lose, None)

    def abort(self) -> None:
        """The other end hears of it, and no more of what was written."""
        if not self._lost:
            self._closing = True
            self._loop.call_soon(self.lose, None)
            self._later(partial(self.other.lose, ConnectionResetError("reset by the other side")))

    def lose(self, error: Exception | None) -> None:
        """It is over."""
        if not self._lost:
            self._closing = self._lost = True
            self.protocol.connection_lost(error)

    def _arrives(self, data: bytes) -> None:
        self._flying -= len(data)
        if not self.other._lost:
            self.other.protocol.data_received(data)
        if self._paused and self._flying <= self._high // 4 and not self._lost:
            self._paused = False
            self.protocol.resume_writing()

    def _later(self, arrives: Callable[[], None]) -> None:
        # Never twice at one time: timers of one time have no order.
        self._last = max(self._last + 1e-9, self._loop.time() + self._rng.random() * self._most)
        self._loop.call_at(self._last, arrives)


class SimulatedNats(FakeNats):
    """`most`: seconds that bytes take, at most; `loss`: of how many messages of streams out of one none arrives."""

    def __init__(self, rng: Random) -> None:
        super().__init__()
        self.rng = rng
        self.most = 0.0
        self.loss = 0.0
        self.up = True
        self._ends: list[_End] = []

    async def connect(self, protocol: Callable[[], asyncio.Protocol], host: str, port: int) -> Any:
        """As the event loop's `create_connection`."""
        await asyncio.sleep(self.rng.random() * self.most)
        if not self.up:
            raise ConnectionRefusedError("no server is there")
        made = protocol()
        ours, theirs = _End.pair(made, NatsClient(self), self.rng, self.most)
        made.connection_made(ours)
        theirs.protocol.connection_made(theirs)
        return ours, made

    def crash(self) -> None:
        """It is gone, with all that was under way."""
        self.up = False
        for client in self.clients:
            client.transport.abort()

    def return_(self) -> None:
        """It is there again, and knows nobody."""
        self.up = True

    def publish(self, sender: NatsClient, subject: bytes, reply: bytes, data: bytes) -> None:
        """As before, or lose it."""
        if self.up and not (self.loss and b".node." in subject and self.rng.random() < self.loss):
            super().publish(sender, subject, reply, data)
