"""The task that waits for a stream hands over what was left, what comes, and the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from peerbus.actors.base.errors import StreamBroken
from peerbus.transports.connection.reading import read_on
from peerbus.transports.streams.transport import Stream


class Chunks:
    """A stream of these, and then its end or an error."""

    def __init__(self, *chunks: bytes, end: Exception | None = None) -> None:
        self.chunks, self.end = list(chunks), end

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        if not self.chunks and self.end is not None:
            raise self.end
        return self.chunks.pop(0) if self.chunks else b""


class PushingChunks(Chunks):
    """One that hands what it has over at once."""

    def push_to(self, receive: Callable[[bytes], None]) -> None:
        while self.chunks:
            receive(self.chunks.pop(0))


class Taker:
    def __init__(self, *, enough: int = 100, refuses: bytes = b"-") -> None:
        self.heard: list[object] = []
        self.enough, self.refuses = enough, refuses

    @property
    def stopped(self) -> bool:
        return len(self.heard) >= self.enough

    def received(self, data: bytes) -> None:
        if data == self.refuses:
            raise ValueError(data)
        self.heard.append(data)

    def pusher(self) -> Callable[[bytes], None]:
        return lambda data: self.heard.append(("pushed", data))

    def ended(self, error: BaseException | None) -> None:
        self.heard.append(error)


async def heard(chunks: Chunks, taker: Taker) -> list[object]:
    await read_on(cast("Stream", chunks), taker, b"left")
    return taker.heard


async def test_what_was_left_comes_first_and_the_end_last() -> None:
    assert await heard(Chunks(b"one", b"two"), Taker()) == [b"left", b"one", b"two", None]


async def test_a_stream_that_pushes_is_awaited_for_its_end_only() -> None:
    assert await heard(PushingChunks(b"one"), Taker()) == [b"left", ("pushed", b"one"), None]


async def test_who_has_stopped_takes_nothing_more() -> None:
    assert await heard(Chunks(b"one", b"two"), Taker(enough=2)) == [b"left", b"one", None]


@pytest.mark.parametrize("wrong", ["stream", "bytes"])
async def test_an_error_of_the_stream_or_of_what_it_carries_is_the_end(wrong: str) -> None:
    broken = StreamBroken("gone")
    chunks = Chunks(b"bad", end=broken)
    found = await heard(chunks, Taker(refuses=b"bad" if wrong == "bytes" else b"-"))
    assert found[0] == b"left"
    assert isinstance(found[-1], ValueError) if wrong == "bytes" else found[1:] == [b"bad", broken]


async def test_who_is_cancelled_says_nothing() -> None:
    taker = Taker()
    task = asyncio.create_task(read_on(cast("Stream", Chunks(*[b"x"] * 1000)), taker, b""))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert None not in taker.heard
