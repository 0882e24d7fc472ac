"""A store on one of two nodes, for tests of what is sent between them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from clusters import Cluster

from peerbus.actors import (
    Address,
    Channel,
    Reactor,
    RemoteError,
    handles,
)
from peerbus.node import Node


@dataclass(frozen=True)
class Put:
    number: int
    data: bytes = b""


@dataclass(frozen=True)
class Get:
    number: int


@dataclass(frozen=True)
class Got:
    number: int
    data: bytes


@dataclass(frozen=True)
class Hang:
    number: int


@dataclass(frozen=True)
class Refuse:
    code: str


class Store(Reactor):
    """Keeps what it is told, and answers; while `gate` is shut its handlers wait."""

    channel = Channel(
        "store", messages=(Put, Get, Got, Hang, Refuse), window=16, window_bytes=64 << 10, max_message=16 << 20
    )

    def __init__(self) -> None:
        super().__init__()
        self.put: list[Put] = []
        self.senders: list[Address[object] | None] = []
        self.cancelled: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.holding = False

    @handles(Put)
    async def keep(self, message: Put, sender: Address[object] | None) -> None:
        if not self.gate.is_set():
            self.holding = True
            await self.gate.wait()
        self.put.append(message)
        self.senders.append(sender)

    @handles(Get)
    def get(self, message: Get) -> Got:
        return Got(message.number, b"x" * message.number)

    @handles(Hang, reentrant=True)
    async def hang(self, message: Hang) -> int:
        try:
            await asyncio.sleep(message.number)
        except asyncio.CancelledError:
            self.cancelled.append(message.number)
            raise
        return message.number

    @handles(Refuse)
    def refuse(self, message: Refuse) -> None:
        if message.code == "bug":
            raise ValueError("a defect")
        raise RemoteError(message.code, "on purpose")


class Other(Reactor):
    """A second channel, to see that it is not disturbed."""

    channel = Channel("other", messages=(Get, Got))

    @handles(Get)
    def get(self, message: Get) -> Got:
        return Got(message.number, b"")


def store(node: Node) -> Store:
    cell = node.bus.cell("store")
    assert cell is not None
    assert isinstance(cell.actor, Store)
    return cell.actor


def two(cluster: Cluster) -> tuple[Node, Node]:
    return (
        cluster.node("alice", peers=("bob",), reactors=[Store, Other]),
        cluster.node("bob", reactors=[Store, Other]),
    )


async def awaited(outcome: object) -> object:
    return await outcome  # type: ignore[misc]  # whatever a send returned
