"""Reactors that tests trace over processes: in a module, where workers find them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from opentelemetry import trace

from peerbus.actors import Address, Channel, Message, Reactor, Request, Stream, handles, parse_address

__all__ = ["Back", "Far", "Front", "Hang", "Items", "Leap", "Look", "Note"]


class Leap(Message, Request[str]):
    """Ask the next of these addresses the same, and so on."""

    way: tuple[str, ...]


class Look(Message, Request[int]):
    """Read `Items` of that address, and say how many came."""

    at: str


class Items(Message, Request[Stream[int]]):
    """Some items."""


class Note(Message):
    """Tell the next of these addresses the same, and so on; by many at once: twice each."""

    way: tuple[str, ...]
    many: bool = False


class Hang(Message, Request[str]):
    """Wait for ever."""


SPOKEN = (Leap, Look, Items, Note, Hang)


class Front(Reactor):
    """Does all of it, each in a span of the program's own where that is asked for."""

    channel = Channel("front", messages=SPOKEN)

    @handles(Leap, reentrant=True)
    async def leap(self, message: Leap) -> str:
        with trace.get_tracer("program", "1.0").start_as_current_span("program's own") as span:
            span.set_attribute("left", len(message.way))
            span.add_event("begun", {"at": 1})
            if not message.way:
                return "here"
            return await self.ask(_address(message.way[0]), Leap(message.way[1:]), timeout=10)

    @handles(Look, reentrant=True)
    async def look(self, message: Look) -> int:
        return len([item async for item in self.stream(_address(message.at), Items(), timeout=10)])

    @handles(Items)
    async def items(self, _: Items) -> AsyncIterator[int]:
        for number in range(3):
            yield number

    @handles(Note, reentrant=True)
    async def note(self, message: Note) -> None:
        if message.way:
            to, left = _address(message.way[0]), Note(message.way[1:], message.many)
            await (self.tell_many(to, [left, left]) if message.many else self.tell(to, left))

    @handles(Hang, reentrant=True)
    async def hang(self, _: Hang) -> str:
        await asyncio.sleep(3600)
        return "never"


class Back(Front):
    """The same by another name."""

    channel = Channel("back", messages=SPOKEN)


class Far(Front):
    """And by a third one."""

    channel = Channel("far", messages=SPOKEN)


def _address(text: str) -> Address[object]:
    found = parse_address(text)
    assert isinstance(found, Address)
    return found
