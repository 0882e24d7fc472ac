"""A cache in front of a reactor of blocks, for which a test has a stand-in."""

from __future__ import annotations

from dataclasses import dataclass

from peerbus.actors import LOCAL, Channel, Reactor, handles

__all__ = ["Block", "Blocks", "Cache", "Get", "GetBlock"]


@dataclass(frozen=True)
class Get:
    height: int


@dataclass(frozen=True)
class GetBlock:
    height: int


@dataclass(frozen=True)
class Block:
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(GetBlock, Block), mailbox=2)


class Cache(Reactor):
    channel = Channel("cache", messages=(Get, Block))

    @handles(Get)
    async def get(self, wanted: Get) -> object:
        return await self.ask(LOCAL / "blocks", GetBlock(wanted.height), timeout=1)
