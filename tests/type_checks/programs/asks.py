"""An ask is of the type that its message names, or that `reply` says, whatever it is sent to and by whom."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeVar, assert_type

import msgspec

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Actor,
    Address,
    Bus,
    Channel,
    GroupAddress,
    Key,
    Peer,
    Reactor,
    Ref,
    ReplyFuture,
    Request,
    Results,
    Role,
    Several,
    Share,
)
from peerbus.node import Node


@dataclass(frozen=True)
class Block:
    height: int


@dataclass(frozen=True)
class GetBlock(Request[Block]):
    height: int


@dataclass(frozen=True, slots=True)
class GetMany(Request[list[Block]]):
    heights: tuple[int, ...]


class GetMaybe(msgspec.Struct, Request[Block | None], frozen=True):
    height: int


class Forget(Request[None], msgspec.Struct, frozen=True):
    height: int


@dataclass(frozen=True)
class Count(Request["int"]):
    pass


@dataclass(frozen=True)
class Plain:
    text: str


@dataclass(frozen=True)
class Foreign(Request[int]):
    """A request of another channel."""


@dataclass(frozen=True)
class Undeclared:
    pass


class Blocks(Reactor):
    channel = Channel("blocks", messages=(GetBlock, GetMany, GetMaybe, Forget, Count, Plain), priority=7)


class Annotated(Reactor):
    channel: ClassVar[Channel[GetBlock | Plain]] = Channel("annotated", messages=(GetBlock, Plain))


class Fixed(Reactor):
    channel: Final = Channel("fixed", messages=(GetBlock, Plain))


class Derived(Blocks):
    pass


class Silent(Actor):
    """It has no channel, and takes what it likes."""


class Nameless(Reactor):
    """Its subclasses declare the channel."""


async def by_address(node: Node, bus: Bus, peer: str) -> None:
    assert_type(await node.ask(LOCAL / Blocks, GetBlock(7)), Block)
    assert_type(await bus.ask(Peer(peer) / Blocks.channel, GetBlock(7), timeout=2), Block)
    assert_type(await node.ask(Role("archive") / Blocks, GetMany((1, 2)), hedge=0.5), list[Block])
    assert_type(await node.ask(Role("archive", Key("k")) / Blocks, GetMaybe(1)), Block | None)
    assert_type(await node.ask(LOCAL / Blocks, Forget(1), wait_for_peer=True), None)
    assert_type(await node.ask(LOCAL / Derived, Count()), int)
    assert_type(await node.ask(LOCAL / Annotated, GetBlock(7)), Block)
    assert_type(await node.ask(LOCAL / Fixed, GetBlock(7)), Block)
    assert_type(await node.ask(LOCAL / "blocks", GetBlock(7)), Block)
    assert_type(node.ask(LOCAL / Blocks, GetBlock(7)).get(timeout=3), Block)
    assert_type(node.ask(LOCAL / Blocks, GetBlock(7)).cancel(), bool)
    assert_type(await node.ask(LOCAL / Blocks, Plain("")), object)
    expected: Block = await node.ask(LOCAL / Blocks, GetBlock(7))
    wider: Sequence[Block] | None = await node.ask(LOCAL / Blocks, GetMany((1,)))
    print(expected, wider)


async def with_a_reply(node: Node) -> None:
    assert_type(await node.ask(LOCAL / Blocks, Plain(""), reply=int), int)
    assert_type(await node.ask(LOCAL / Blocks, Plain(""), reply=list[Block]), list[Block])
    assert_type(await node.ask(LOCAL / Blocks, Plain(""), reply=int | None), int | None)
    assert_type(await node.ask(LOCAL / Blocks, Plain(""), reply=dict[str, tuple[int, ...]]), dict[str, tuple[int, ...]])
    assert_type(await node.ask(EVERYONE / Blocks, Plain(""), reply=list[Block]), Results[list[Block]])
    assert_type(await node.ask(LOCAL / "blocks", Plain(""), reply=Block), Block)


async def by_ref(
    node: Node, ref: Ref[Blocks], annotated: Ref[Annotated], silent: Ref[Silent], any_ref: Ref[Any], base: Ref[Nameless]
) -> None:
    assert_type(await node.ask(ref, GetBlock(7)), Block)
    assert_type(await node.ask(annotated, GetBlock(7)), Block)
    assert_type(await node.ask(silent, GetMany(())), list[Block])
    assert_type(await node.ask(any_ref, GetBlock(7)), Block)
    assert_type(await node.ask(base, GetBlock(7)), Block)
    assert_type(await node.ask(ref, Plain(""), reply=str), str)
    assert_type(ref.ask(GetBlock(7)), Block)
    assert_type(ref.ask(GetBlock(7), block=False), ReplyFuture[Block])
    assert_type(ref.ask(GetBlock(7), block=False).get(timeout=2), Block)
    await ref.tell(Plain(""))
    await silent.tell("anything")
    await node.tell(silent, 3)
    await node.tell(base, Plain(""))


async def of_several(node: Node) -> None:
    results = await node.ask(EVERYONE / Blocks, GetBlock(7), quorum=2)
    assert_type(results, Results[Block])
    assert_type(results.answers, dict[str, Block])
    assert_type([results[peer] for peer in results], list[Block])
    assert_type(await node.ask(Role("archive", Share(0.67)) / Blocks, GetMany((1,))), Results[list[Block]])
    assert_type(await node.ask(Role("archive", Several(2)) / Blocks, Plain("")), Results[object])
    assert_type(await node.ask(Role("archive", "all") / Annotated, GetBlock(1), quorum=Share(0.5)), Results[Block])
    assert_type(await node.tell(EVERYONE / Blocks, Plain("")), Results[None])


class Asker(Actor):
    async def go(self, to: Address[GetBlock | Plain]) -> None:
        assert_type(await self.ask(to, GetBlock(7)), Block)
        assert_type(await self.ask(EVERYONE / Blocks, GetBlock(7)), Results[Block])
        assert_type(await self.ask(self.spawn(Blocks), GetMany(())), list[Block])
        await self.tell(to, Foreign())  # E


R = TypeVar("R")


async def fetch(node: Node, to: Address[Any], request: Request[R]) -> R:
    return await node.ask(to, request)


def needs(to: Address[GetBlock]) -> None: ...


def needs_group(to: GroupAddress[Plain]) -> None: ...


def needs_channel(channel: Channel[GetBlock | Plain] | None) -> None: ...


async def handed_on(node: Node, sender: Address[object]) -> None:
    """Who takes more takes less."""
    needs(LOCAL / Blocks)
    needs(Role("archive") / Annotated)
    needs(LOCAL / "blocks")
    needs(sender)
    needs_group(EVERYONE / Blocks)
    needs_channel(Blocks.channel)
    addresses: list[Address[Plain]] = [LOCAL / Blocks, LOCAL / Annotated.channel, Role("archive") / Fixed]
    for each in addresses:
        await node.tell(each, Plain(""))
        await node.tell(each, GetBlock(7))  # E
    assert_type(await fetch(node, LOCAL / Blocks, GetBlock(7)), Block)
    both = await asyncio.gather(node.ask(LOCAL / Blocks, GetBlock(7)), node.ask(addresses[0], Plain(""), reply=int))
    assert_type(both, tuple[Block, int])
    assert_type(await asyncio.wait_for(node.ask(LOCAL / Blocks, GetMany(())), 1), list[Block])
    foreign: Channel[Foreign] = Channel("foreign", messages=(Foreign,))
    needs_channel(foreign)  # E
    needs(LOCAL / foreign)  # E
    needs_group(LOCAL / Blocks)  # E


async def wrong(node: Node, ref: Ref[Blocks], annotated: Ref[Annotated], to: Address[GetBlock | Plain]) -> None:
    await node.ask(LOCAL / Blocks, Foreign())  # E
    await node.ask(EVERYONE / Blocks, Foreign())  # E
    await node.ask(ref, Foreign())  # E
    await node.ask(to, Foreign())  # E
    await node.ask(annotated, Foreign())  # E
    await node.ask(LOCAL / Annotated, Foreign())  # E
    await node.ask(LOCAL / Blocks, Foreign(), reply=int)  # E
    await node.ask(LOCAL / Blocks, Undeclared())  # E
    await node.ask(ref, Undeclared())  # E
    await node.ask(ref, Undeclared(), reply=int)  # E
    await node.ask(ref, "text")  # E
    await node.tell(LOCAL / Blocks, Undeclared())  # E
    await node.tell(EVERYONE / Blocks, Undeclared())  # E
    await node.tell(Role("archive") / Blocks, Undeclared())  # E
    await node.tell(ref, Undeclared())  # E
    await node.tell(annotated, Undeclared())  # E
    await ref.tell(Undeclared())  # E
    ref.ask(Undeclared())  # E
    ref.ask(Foreign(), block=False)  # E
    await node.ask(LOCAL / Blocks, Plain(""), reply=3)  # E
    await node.ask(LOCAL / Blocks, Plain(""), quorum=2)  # E
    await node.ask(EVERYONE / Blocks, GetBlock(1), hedge=0.5)  # E
    text: str = await node.ask(LOCAL / Blocks, GetBlock(7))  # E
    number: int = ref.ask(GetBlock(7))  # E
    print(text, number, LOCAL / Nameless)  # E
