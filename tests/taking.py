"""Reactors that take items of several types, and one that sends such: imported by workers too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from peerbus.actors import (
    Address,
    Channel,
    Message,
    OpenStream,
    Reactor,
    RemoteError,
    Request,
    handles,
    parse_address,
)


@dataclass(frozen=True)
class Point:
    x: int
    y: float
    names: tuple[str, ...] = ()


class Part(Message):
    number: int


class Mixed(Message, Request[int]):
    """Answered with how many came."""


class Pairs(Message, Request[int]):
    """The same."""


class Numbers(Message, Request[int]):
    """Answered with their sum."""


class Try(Message, Request[list[str]]):
    """Send them all from where this is handled; see `tried`."""

    to: str


class Taking(Reactor):
    channel = Channel("taking", messages=(Mixed, Pairs, Numbers, Part))

    @handles(Mixed)
    async def mixed(self, _: Mixed, items: AsyncIterator[Point | Part]) -> int:
        return len([item.x if isinstance(item, Point) else item.number async for item in items])

    @handles(Pairs)
    async def pairs(self, _: Pairs, items: AsyncIterator[tuple[int, str]]) -> int:
        return len([number async for number, _ in items])

    @handles(Numbers)
    async def numbers(self, _: Numbers, items: AsyncIterator[int]) -> int:
        return sum([item async for item in items])


class Trying(Reactor):
    channel = Channel("trying", messages=(Try,), timeout=20)

    @handles(Try)
    async def run(self, message: Try) -> list[str]:
        to = parse_address(message.to)
        assert isinstance(to, Address)
        return await tried(self.open_stream, to)


#: What is sent along with what, and whether it is answered.
TRIES: list[tuple[Message, list[object], str]] = [
    (Mixed(), [Point(1, 2.5, ("a",)), Part(3), Point(2, 0.0)], "3"),
    (Mixed(), [Part(3), 4], "an int came with a Mixed, whose handler takes Point | Part"),
    (Pairs(), [(1, "a"), (2, "b")], "2"),
    (Pairs(), [[1, "a"]], "a list came with a Pairs, whose handler takes tuple[int, str]"),
    (Numbers(), [1, 2, 3], "6"),
    (Numbers(), [1, "2"], "a str came with a Numbers, whose handler takes int"),
    (Numbers(), [Part(1)], "a Part came with a Numbers, whose handler takes int"),
]


async def tried(opens: Callable[[Address[Any], Message], OpenStream[Any]], to: Address[Any]) -> list[str]:
    """What came of each, without what came of it for sure: an empty string, if all is right."""
    return [await _tried(opens(to, message), items, said) for message, items, said in TRIES]


async def _tried(talk: OpenStream[Any], items: list[object], said: str) -> str:
    try:
        async with talk:
            for item in items:
                await talk.send(item)
            answer = str(await talk.result())
    except RemoteError as error:
        answer = error.text.partition(" (after")[0] if error.code == "MessageTypeError" else repr(error)
    return "" if answer == said else answer
