"""A node with an admin API at a Unix socket, in real time, for the tests of `operate`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio

from peerbus.actors import Channel, Message, Reactor, Request, handles
from peerbus.node import Node
from peerbus.operate import Admin


@dataclass(frozen=True)
class Block:
    height: int
    hint: bytes


class Get(Message, Request[Block]):
    height: int
    hint: bytes = b""


@dataclass(frozen=True)
class Wait:
    """Is never answered."""


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Get, Wait))

    @handles(Get)
    def get(self, wanted: Get) -> Block:
        if wanted.height < 0:
            raise ValueError("there is no such block")
        return Block(wanted.height, wanted.hint)

    @handles(Wait)
    def wait(self, _: Wait) -> None:
        self.put_aside()


@dataclass
class Place:
    """A node, and its admin."""

    node: Node
    admin: Admin
    socket: Path


@pytest_asyncio.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """One that runs."""
    path = tmp_path / "alice.sock"
    admin = Admin(str(path))
    node = Node("alice", reactors=[Blocks], offers={"archive"}, extensions=[admin], shutdown_timeout=0.2)
    async with node:  # whoever stands in a handler to the end of a test does so for no longer
        yield Place(node, admin, path)
