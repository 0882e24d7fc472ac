"""A program to be described: two nodes with most of what a channel can have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Actor,
    Channel,
    DeadLetter,
    Message,
    Overflow,
    Pool,
    Reactor,
    Request,
    Role,
    Stream,
    handles,
)
from peerbus.discovery import Require
from peerbus.node import Node, Worker

__all__ = ["Archive", "Desk", "archive_node", "desk_node"]


class Item(Message):
    """What a block holds."""

    key: str
    size: int = 0


@dataclass(frozen=True)
class Block:
    height: int
    items: tuple[Item, ...] = ()
    data: bytes = b""


class GetBlock(Message, Request[Block | None]):
    """One block, or None where there is none.

    Heights begin with 0.
    """

    height: int


class GetRange(Message, Request[Stream[Block]]):
    """Blocks, one after the other."""

    first: int
    last: int


class Forget(Message):
    height: int


class Noted(Message):
    text: str


class Archive(Reactor):
    """Keeps blocks."""

    channel = Channel(
        "archive", messages=(GetBlock, GetRange, Forget, Block, DeadLetter), idempotent=(GetBlock,), window=16
    )

    def __init__(self, path: str = "") -> None:
        super().__init__()
        self.path = path

    @handles(GetBlock)
    def get(self, wanted: GetBlock) -> Block | None:
        return Block(wanted.height)

    @handles(GetRange)
    async def range(self, wanted: GetRange) -> AsyncIterator[Block]:
        for height in range(wanted.first, wanted.last):
            yield Block(height)

    @handles(Forget)
    async def forget(self, wanted: Forget) -> None:
        await self.tell(LOCAL / Notes, Noted(f"forgot {wanted.height}"))


class Notes(Reactor):
    channel = Channel("notes", messages=(Noted,), local=True, overflow=Overflow.DROP_OLDEST)

    @handles(Noted)
    def note(self, _noted: Noted) -> None: ...


class Open(Message):
    """Begin."""


class Desk(Reactor):
    channel = Channel("desk", messages=(Open,))

    @handles(Open)
    async def open_desk(self, _begin: Open) -> None:
        await self.ask(Role("archive") / Archive, GetBlock(7), timeout=1)
        await self.tell(EVERYONE / "archive", Forget(1))
        somewhere = Role("archive") / Archive
        await self.tell(somewhere, Forget(2))  # where to is not written here
        await self.tell(LOCAL / "nowhere", Open())


class Plain(Actor):
    """It has no channel."""


class Hash(Message, Request[bytes]):
    data: bytes


class Hasher(Reactor):
    channel = Channel("hash", messages=(Hash,))

    @handles(Hash)
    def hash(self, wanted: Hash) -> bytes:
        return wanted.data


def archive_node() -> Node:
    """A node that runs an archive, as a pool, and its notes."""
    return Node(
        "store",
        network="blocks",
        listen=["tcp://127.0.0.1:7411", "tcp://127.0.0.1:0"],
        offers=["archive{from=0}"],
        reactors=[Pool(partial(Archive, path="x"), members=3), Notes, Plain],
        processes={"cruncher": Worker([Hasher])},
        requires=[Require(role="archive", at_least=2)],
        tuning={"archive": {"window": 32}},
    )


def desk_node() -> Node:
    """A node that asks archives."""

    def plain() -> Plain:
        return Plain()

    return Node("desk", network="blocks", reactors=[Desk, plain], channels=[Archive.channel])
