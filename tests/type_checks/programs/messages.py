"""A `Message` is a frozen value, made of its fields, and names its answer as a dataclass does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar, assert_type

import msgspec

from peerbus.actors import EVERYONE, LOCAL, Actor, Bus, Channel, Message, Reactor, Ref, Request, Results, handles

T = TypeVar("T")


class Block(Message):
    height: int
    data: bytes = b""


class GetBlock(Message, Request[Block]):
    height: int


class GetMany(Request[list[Block]], Message):
    heights: tuple[int, ...]
    hints: list[str] = []  # noqa: RUF012  # each message gets its own
    tags: dict[str, int] = msgspec.field(default_factory=dict[str, int])


@dataclass(frozen=True)
class Count(Request[int]):
    pass


class Put(Message, kw_only=True):
    most: ClassVar[int] = 7

    block: Block
    again: Put | None = None

    def __post_init__(self) -> None:
        if not self.block.data:
            raise ValueError("no data")

    @property
    def size(self) -> int:
        return len(self.block.data)


class PutAll(Put, weakref=True):
    more: int


class Page(Message, Request[list[T]], Generic[T]):
    first: T
    number: int = 0


class Names(Page[str]):
    pass


class Tagged(Message, tag="tagged", rename="camel", order=True):
    at_height: int


class Foreign(Message, Request[int]):
    """A request of another channel."""


class Blocks(Reactor):
    channel = Channel("blocks", messages=(GetBlock, GetMany, Count, Put, Names))

    @handles(GetBlock)
    def get(self, wanted: GetBlock) -> Block:
        return Block(wanted.height, data=b"x")

    @handles(GetMany)
    async def get_many(self, wanted: GetMany) -> list[Block]:
        return [Block(height) for height in wanted.heights]

    @handles(Put)
    def put(self, message: Put) -> None: ...

    @handles(Names)
    def names(self, wanted: Names) -> list[str]:
        return [wanted.first]


def made() -> None:
    assert_type(GetMany((1,)).hints, list[str])
    assert_type(Put(block=Block(1), again=None).size, int)
    assert_type(PutAll(block=Block(1), more=3).again, Put | None)
    assert_type(Page(b"x").first, bytes)
    assert_type(Names("a", 3).first, str)
    assert Tagged(1) < Tagged(at_height=2)
    messages: list[Message] = [Block(1), GetMany(()), Names("a")]
    print(messages, Put.most)
    match messages[0]:
        case Block(height, data=data):
            assert_type(height, int)
            assert_type(data, bytes)
        case _:
            pass


async def asked(bus: Bus, ref: Ref[Blocks]) -> None:
    assert_type(await bus.ask(LOCAL / Blocks, GetBlock(7)), Block)
    assert_type(await bus.ask(EVERYONE / Blocks, GetMany((1, 2))), Results[list[Block]])
    assert_type(await bus.ask(LOCAL / Blocks, Count()), int)
    assert_type(await bus.ask(LOCAL / Blocks, Names("a")), list[str])
    assert_type(await bus.ask(ref, Put(block=Block(1)), reply=int), int)
    assert_type(ref.ask(GetBlock(7)), Block)
    await bus.tell(LOCAL / Blocks, Put(block=Block(1)))


async def wrong(bus: Bus, ref: Ref[Blocks], block: Block) -> None:
    GetBlock()  # E
    GetBlock("7")  # E
    GetBlock(7, 8)  # E
    Put(Block(1))  # E
    Block(1, datum=b"")  # E
    Names(3)  # E
    block.height = 8  # E
    await bus.ask(LOCAL / Blocks, Foreign())  # E
    await bus.ask(ref, Foreign())  # E
    await bus.tell(LOCAL / Blocks, block)  # E
    await ref.tell(block)  # E
    text: str = await bus.ask(LOCAL / Blocks, GetBlock(7))  # E
    print(text)


class Wrong(Actor):
    @handles(GetBlock)  # E
    def returns_another(self, wanted: GetBlock) -> int:
        return 1

    @handles(Put)  # E
    def of_another(self, message: GetBlock) -> None: ...


class Open(Message, frozen=False):  # E
    height: int
