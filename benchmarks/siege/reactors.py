"""The reactors of the node that is attacked: one that the honest ask, and what else an attack is for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from peerbus.actors import Address, Channel, Message, Reactor, Request, handles

__all__ = [
    "Back",
    "Desk",
    "Folded",
    "Lists",
    "Load",
    "Poured",
    "Question",
    "Scale",
    "Sheet",
    "Shelf",
    "Sink",
    "Spring",
    "Table",
    "Tables",
    "Wordy",
]

#: Bytes of one long answer.
LONG = 900_000


@dataclass(frozen=True, slots=True)
class Question:
    """An ask that costs nothing, to be timed."""

    number: int


@dataclass(frozen=True, slots=True)
class Lists:
    """Empty lists and maps are a byte each on the wire, and 64 in memory."""

    lists: list[list[int]]
    maps: list[dict[str, int]]


@dataclass(frozen=True, slots=True)
class Table:
    """Keys whose hashes anybody can compute."""

    maps: list[dict[UUID, int]]


class Desk(Reactor):
    """Answers at once."""

    channel = Channel("desk", messages=(Question,))

    @handles(Question)
    def answer(self, question: Question) -> Question:
        return question


class Shelf(Reactor):
    """Takes one message, and is never done with it."""

    channel = Channel("shelf", messages=(Lists,))

    @handles(Lists)
    async def take(self, _: Lists) -> None:
        await asyncio.Event().wait()


class Tables(Reactor):
    """Takes tables, and forgets them."""

    channel = Channel("tables", messages=(Table,))

    @handles(Table)
    def take(self, _: Table) -> None:
        """Nothing is done with it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Any bytes."""

    data: bytes


class Folded(Reactor):
    """Takes what may travel compressed, and forgets it."""

    channel = Channel("folded", messages=(Sheet,), compress="zlib")

    @handles(Sheet)
    def take(self, _: Sheet) -> None:
        """Nothing is done with it."""


class Wordy(Reactor):
    """Answers at length."""

    channel = Channel("wordy", messages=(Question,))

    @handles(Question)
    def answer(self, _: Question) -> bytes:
        return bytes(LONG)


class Spring(Reactor):
    """Answers in items, without end."""

    channel = Channel("spring", messages=(Question,))

    @handles(Question)
    async def flow(self, question: Question) -> AsyncIterator[Question]:
        while True:
            yield question


class Load(Message, Request[int]):
    """Of the questions that come with it."""


class Poured(Message, Request[int]):
    """Sheets come with it."""


class Sink(Reactor):
    """Takes one of the sheets that come with a message, and no more."""

    channel = Channel("sink", messages=(Poured, Sheet))

    @handles(Poured, reentrant=True)
    async def take(self, _: Poured, sheets: AsyncIterator[Sheet]) -> int:
        async for _sheet in sheets:
            await asyncio.Event().wait()
        return 0


class Scale(Reactor):
    """Takes items that come with a question, and says how many those were."""

    channel = Channel("scale", messages=(Load, Question))

    @handles(Load, reentrant=True)
    async def weigh(self, _: Load, items: AsyncIterator[Question]) -> int:
        return sum([1 async for _item in items])


class Back(Reactor):
    """Asks whoever sends it something, and has no answer of its own."""

    channel = Channel("back", messages=(Question,), timeout=5.0)

    @handles(Question)
    async def ask_back(self, question: Question, sender: Address[Question] | None) -> Question | None:
        return None if sender is None else await self.ask(sender, question, reply=Question)
