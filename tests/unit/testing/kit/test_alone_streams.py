"""What an actor that runs alone answers in items."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from peerbus.actors import (
    LOCAL,
    Channel,
    DeadlineExceeded,
    Message,
    MessageTypeError,
    Reactor,
    RemoteError,
    Request,
    Stream,
    handles,
)
from peerbus.testing.kit.alone import Alone
from peerbus.testing.kit.effects import Asked

BLOCKS = LOCAL / "blocks"


@dataclass(frozen=True)
class Get:
    height: int


@dataclass(frozen=True)
class GetBlock:
    height: int


@dataclass(frozen=True)
class Block:
    height: int


class Make(Message, Request[Stream[int]]):
    count: int
    asks: bool = False


class Thumbs(Reactor):
    channel = Channel("thumbs", messages=(Make, GetBlock))

    def __init__(self) -> None:
        super().__init__()
        self.left: list[int] = []

    @handles(Make)
    async def make(self, wanted: Make) -> AsyncIterator[int]:
        try:
            if wanted.asks:
                yield await self.ask(BLOCKS, Get(7), reply=int)
            for number in range(wanted.count):
                yield number
            raise ValueError("no more film")
        finally:
            self.left.append(wanted.count)

    @handles(GetBlock)
    def serve(self, wanted: GetBlock) -> Block:
        return Block(wanted.height)


async def test_what_is_answered_in_items_is_read_alone_and_its_error_comes_behind_them() -> None:
    async with Alone(Thumbs) as thumbs:
        stream = thumbs.stream(Make(3))
        items = [await anext(stream) for _ in range(3)]
        assert items == [0, 1, 2]
        with pytest.raises(RemoteError, match="no more film"):
            await anext(stream)
        async for item in thumbs.stream(Make(1000)):
            assert item == 0
            break
        await thumbs.settle()
        assert thumbs.actor.left == [3, 1000]
        # It may ask, and the test answers.
        first = asyncio.ensure_future(anext(thumbs.stream(Make(0, asks=True))))
        await thumbs.settle()
        assert thumbs.sent == [Asked(BLOCKS, Get(7))]
        await thumbs.reply(42)
        assert await first == 42


async def test_an_answer_that_does_not_come_in_items_or_in_time_ends_a_stream_and_one_in_items_an_ask() -> None:
    async with Alone(Thumbs) as thumbs:
        with pytest.raises(MessageTypeError, match="which is no stream: ask for it instead"):
            await anext(thumbs.stream(GetBlock(7)))
        with pytest.raises(DeadlineExceeded, match=r"no item .* within 0.01 s"):
            await anext(thumbs.stream(Make(0, asks=True), idle=0.01))
        with pytest.raises(MessageTypeError, match=r"read it by stream\(\), not by ask\(\)"):
            await thumbs.ask(Make(3))  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
