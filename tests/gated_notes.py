"""A reactor with a small mailbox that takes its messages only when a test opens its gate."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from peerbus.actors import Channel, Overflow, Reactor, Ref, handles

__all__ = ["Note", "Notes", "Rejecting", "Remark", "Wrong", "actor_of", "notes"]


@dataclass(frozen=True)
class Note:
    number: int


@dataclass(frozen=True)
class Remark:
    number: int


@dataclass(frozen=True)
class Wrong:
    number: int


class Notes(Reactor):
    channel = Channel("notes", messages=(Note, Remark), mailbox=8)

    def __init__(self) -> None:
        super().__init__()
        self.got: list[Any] = []
        self.gate = asyncio.Event()

    @handles(Note, Remark)
    async def take(self, note: Note | Remark) -> None:
        await self.gate.wait()
        self.got.append(note)


class Rejecting(Notes):
    channel = Channel("rejecting", messages=(Note, Remark), mailbox=4, overflow=Overflow.REJECT)


def actor_of(ref: Ref[Any]) -> Any:
    return ref._cell.actor


def notes(count: int) -> list[Note | Remark]:
    return [(Note, Remark)[number % 2](number) for number in range(count)]
