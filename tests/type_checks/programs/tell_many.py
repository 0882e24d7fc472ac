"""Many tells in one go: messages of the receiver's channel, of any iterable; how many were accepted is a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_type

from peerbus.actors import EVERYONE, LOCAL, Actor, Bus, Channel, Message, Peer, Reactor, Ref, Results, Role
from peerbus.node import Node


class Block(Message):
    height: int


class Drop(Message):
    height: int


class Foreign(Message):
    pass


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Block, Drop))


def blocks(count: int) -> Iterator[Block]:
    for height in range(count):
        yield Block(height)


async def on_a_node(node: Node, ref: Ref[Blocks], some: Sequence[Block | Drop]) -> None:
    # Of a list of several types that stands in the call itself mypy finds no item type: it is named here.
    mixed: list[Block | Drop] = [Block(1), Drop(1)]
    assert_type(await node.tell_many(LOCAL / Blocks, mixed), int)
    assert_type(await node.tell_many(LOCAL / Blocks, [Drop(1)]), int)
    assert_type(await node.tell_many(Peer("a" * 64) / Blocks, blocks(7)), int)
    assert_type(await node.tell_many(Role("archive") / Blocks, some, timeout=1.5), int)
    assert_type(await node.tell_many(ref, (Block(1),)), int)
    assert_type(await node.tell_many(EVERYONE / Blocks, some), Results[int])
    assert_type(await node.tell_many(Role("archive", "all") / Blocks, blocks(7)), Results[int])
    await node.tell_many(LOCAL / Blocks, [Foreign()])  # E
    await node.tell_many(EVERYONE / Blocks, [Foreign()])  # E
    await node.tell_many(ref, [Foreign()])  # E
    await node.tell_many(LOCAL / Blocks, Block(1))  # E
    await node.tell_many("blocks", [Block(1)])  # E
    await node.tell_many(LOCAL / Blocks, some, timeout="1")  # E


def on_a_thread(bus: Bus) -> None:
    assert_type(bus.tell_many(LOCAL / Blocks, blocks(7)).get(), int)
    assert_type(bus.tell_many(EVERYONE / Blocks, blocks(7)).get(timeout=1), Results[int])


class Copy(Actor):
    async def copy(self) -> None:
        assert_type(await self.tell_many(LOCAL / Blocks, blocks(7)), int)
        await self.tell_many(LOCAL / Blocks, [1])  # E
