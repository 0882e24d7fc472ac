"""Reactors that hold blocks, on a bus in one process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from peerbus.actors import (
    Actor,
    Channel,
    Reactor,
    RemoteError,
    handles,
)


@dataclass(frozen=True)
class GetBlock:
    height: int


@dataclass(frozen=True)
class Block:
    height: int
    data: bytes


@dataclass(frozen=True)
class Nap:
    seconds: float


class Blocks(Reactor):
    channel = Channel("blocks", messages=(GetBlock, Block, Nap), mailbox=2, timeout=3.0)

    def __init__(self) -> None:
        super().__init__()
        self.got: list[object] = []

    @handles(GetBlock)
    def serve(self, request: GetBlock) -> Block:
        if request.height < 0:
            raise RemoteError("not_found", f"no block {request.height}")
        self.got.append(request)
        return Block(request.height, b"x")

    @handles(Nap)
    async def nap(self, message: Nap) -> None:
        await asyncio.sleep(message.seconds)


class Plain(Actor):
    @handles(int)
    def number(self, message: int) -> int:
        if message < 0:
            raise ValueError(message)
        return message

    @handles(float)
    async def nap(self, message: float) -> float:
        await asyncio.sleep(message)
        return message
