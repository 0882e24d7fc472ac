"""Nodes that note what they are sent, and watchers of reactors elsewhere."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from peerbus.actors import (
    Channel,
    Reactor,
    handles,
)
from peerbus.node import Node
from peerbus.transports.connection.connection import PeerConnection


@dataclass(frozen=True, slots=True)
class Note:
    number: int
    sender: str = ""


@dataclass(frozen=True)
class Wait:
    seconds: float


class Notes(Reactor):
    """Keeps notes; answers a Wait after a while."""

    channel = Channel("notes", messages=(Note, Wait), window=64)

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Note] = []
        self.waiting = 0

    @handles(Note)
    def note(self, message: Note) -> int:
        self.kept.append(message)
        return message.number

    @handles(Wait, reentrant=True)
    async def wait(self, message: Wait) -> str:
        self.waiting += 1
        try:
            await asyncio.sleep(message.seconds)
        finally:
            self.waiting -= 1
        return "done"


def notes(node: Node) -> Notes:
    cell = node.bus.cell("notes")
    assert cell is not None
    assert isinstance(cell.actor, Notes)
    return cell.actor


def connections(node: Node) -> list[PeerConnection]:
    found = (cell.actor for name, cell in node.bus.actors.by_name.items() if name.startswith("peer-"))
    return [actor for actor in found if isinstance(actor, PeerConnection)]
