"""Reactors with work at hand, on nodes that shut down."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from clusters import Cluster

from peerbus.actors import (
    Address,
    Channel,
    Peer,
    Reactor,
    RemoteError,
    Role,
    SendError,
    handles,
)
from peerbus.node import Node


@dataclass(frozen=True)
class Job:
    """`seconds` of work; then `to`'s reactor `desk` is told, or asked, with the number."""

    number: int
    to: str
    seconds: float = 0.0
    asks: bool = False


@dataclass(frozen=True)
class Item:
    number: int
    seconds: float = 0.0
    data: bytes = b""


class Desk(Reactor):
    """Takes items, each after a while."""

    channel = Channel("desk", messages=(Item,), window=4, timeout=60.0)

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[int] = []

    @handles(Item)
    async def take(self, item: Item) -> int:
        if item.seconds:
            await asyncio.sleep(item.seconds)
        self.kept.append(item.number)
        return item.number


class Jobs(Reactor):
    """Works on one job after the other."""

    channel = Channel("jobs", messages=(Job,), timeout=60.0)

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[object] = []
        self.failed: list[Exception] = []

    @handles(Job)
    async def work(self, job: Job) -> int:
        to: Address[Any] = (Role(job.to[5:]) if job.to.startswith("role:") else Peer(job.to)) / Desk
        try:
            await asyncio.sleep(job.seconds)
            if job.asks:
                self.answers.append(await self.ask(to, Item(job.number), timeout=60))
            else:
                await self.tell(to, Item(job.number), timeout=60)
        except (SendError, RemoteError) as error:
            self.failed.append(error)
        return job.number


def actor(node: Node, name: str) -> Any:
    cell = node.bus.cell(name)
    assert cell is not None
    return cell.actor


def worker(cluster: Cluster, name: str = "worker", *, timeout: float = 5.0, **options: Any) -> Node:
    return cluster.node(name, channels=[Desk.channel], reactors=[Jobs], shutdown_timeout=timeout, **options)


def clock() -> float:
    return asyncio.get_running_loop().time()
