"""A handler takes the message that it is marked for, a sender that may be None, and returns what a request names."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, assert_type

from peerbus.actors import LOCAL, Actor, Address, Channel, Message, Outcome, Reactor, Request, Terminated, handles


@dataclass(frozen=True)
class Block:
    height: int


@dataclass(frozen=True)
class GetBlock(Request[Block]):
    height: int


class GetMany(Message, Request[list[Block]]):
    pass


class GetBlocks(GetMany):
    pass


@dataclass(frozen=True)
class Put:
    block: Block


class Drop(Message):
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(GetBlock, GetMany, Put, Drop))

    @handles(GetBlock)
    def get(self, wanted: GetBlock) -> Block:
        return Block(wanted.height)

    @handles(GetMany)
    async def get_many(self, wanted: GetMany, sender: Address[object] | None) -> list[Block]:
        if sender is not None:
            await self.tell(sender, wanted)
        return []

    @handles(Put, Drop)
    def change(self, message: Put | Drop) -> None: ...

    @handles(Terminated)
    def ended(self, message: Terminated) -> None: ...


class Kinds(Actor):
    @handles(GetBlock, reentrant=True)
    async def get(self, wanted: GetBlock, sender: Address[Any] | None) -> Block:
        return Block(wanted.height)

    @handles(GetMany)
    def later(self, wanted: GetMany) -> asyncio.Future[list[Block]]:
        return asyncio.ensure_future(asyncio.sleep(0, [Block(1)]))

    @handles(GetBlocks)
    def forward(self, wanted: GetBlocks, sender: Address[Any] | None) -> Outcome[list[Block]]:
        return self.ask(LOCAL / "blocks", wanted)

    @handles(Put)
    def anything(self, message: object, sender: object = None) -> int:
        return 1

    @handles(int, str, bytes, float, tuple, list, dict, set)
    def many(self, message: str | bytes | float | tuple[Any, ...] | list[Any] | dict[Any, Any] | set[Any]) -> None: ...

    @handles(Drop)
    @abstractmethod
    def drop(self, message: Drop) -> None: ...


class Own(Blocks):
    def get(self, wanted: GetBlock) -> Block:
        return super().get(wanted)

    async def get_many(self, wanted: GetMany, sender: Address[object] | None) -> list[Block]:
        return [Block(1), *await super().get_many(wanted, sender)]


async def called(blocks: Blocks, kinds: Kinds) -> None:
    assert_type(blocks.get(GetBlock(7)), Block)
    assert_type(await blocks.get_many(GetMany(), None), list[Block])
    blocks.change(Drop(7))
    assert_type(await kinds.get(GetBlock(7), None), Block)
    assert_type(kinds.anything(Put(Block(1))), int)
    blocks.get(GetMany())  # E
    blocks.change(GetMany())  # E


class Wrong(Actor):
    @handles(Put)  # E
    def of_another(self, message: Drop) -> None: ...

    @handles(Put)  # E
    async def of_another_async(self, message: Drop) -> None: ...

    @handles(GetBlock)  # E
    def of_another_request(self, message: GetMany) -> Block:
        return Block(1)

    @handles(Put, Drop)  # E
    def of_one_of_them(self, message: Put) -> None: ...

    @handles(Put)  # E
    def of_nothing(self) -> None: ...

    @handles(Put)  # E
    def with_more(self, message: Put, sender: object, more: int) -> None: ...

    @handles(Put)  # E
    def sender_is_never_none(self, message: Put, sender: Address[object]) -> None: ...

    @handles(Put)  # E
    async def sender_is_a_name(self, message: Put, sender: str | None) -> None: ...

    @handles(GetBlock)  # E
    def returns_another(self, wanted: GetBlock) -> int:
        return 1

    @handles(GetBlock)  # E
    async def returns_nothing(self, wanted: GetBlock) -> None: ...

    @handles(GetBlock)  # E
    async def returns_less(self, wanted: GetBlock, sender: Address[object] | None) -> Block | None:
        return None

    @handles(GetMany)  # E
    def returns_a_list_of_others(self, wanted: GetMany) -> list[int]:
        return []

    @handles("Put")  # E
    def of_a_name(self, message: Put) -> None: ...
