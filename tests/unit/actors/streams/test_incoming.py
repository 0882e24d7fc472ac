"""Items that come with a message are read once, and are of the type that their handler takes; or it is said why not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from peerbus.actors import LOCAL, Bus, Channel, Message, MessageTypeError, Reactor, RemoteError, Request, handles
from peerbus.actors.streams.incoming import Incoming, ItemsIn


class Part(Message):
    number: int


class Numbers(Message, Request[int]):
    pass


class Parts(Message, Request[int]):
    pass


class Pairs(Message, Request[int]):
    pass


class Anything(Message, Request[int]):
    pass


class Taking(Reactor):
    channel = Channel("taking", messages=(Numbers, Parts, Pairs, Anything, Part))

    def __init__(self, taken: list[object]) -> None:
        super().__init__()
        self.taken = taken

    async def all(self, items: AsyncIterator[object]) -> int:
        async for item in items:
            self.taken.append(item)
        return len(self.taken)

    @handles(Numbers)
    async def numbers(self, _: Numbers, items: AsyncIterator[int]) -> int:
        return await self.all(items)

    @handles(Parts)
    async def parts(self, _: Parts, items: AsyncIterator[Part | None]) -> int:
        return await self.all(items)

    @handles(Pairs)
    async def pairs(self, _: Pairs, items: AsyncIterator[tuple[int, str]]) -> int:
        return await self.all(items)

    @handles(Anything)
    async def anything(self, _: Anything, items: AsyncIterator[Any]) -> int:
        return await self.all(items)


def test_a_message_without_items_says_how_to_send_them() -> None:
    with pytest.raises(MessageTypeError, match=r"no items come with this str: send it with open\(\)"):
        ItemsIn.of("message", None)
    assert not isinstance("reply", Incoming)


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize(
    ("message", "good", "wrong", "why"),
    [
        (Numbers(), [1, 2], "x", "a str came with a Numbers, whose handler takes int"),
        (Parts(), [Part(1), None], 3, r"an int came with a Parts, whose handler takes Part \| None"),
        (Pairs(), [(1, "a")], (1, 2), "a tuple came with a Pairs, whose handler takes tuple"),
        (Pairs(), [], [1, "a"], "a list came with a Pairs"),
    ],
)
async def test_an_item_of_another_type_than_the_handler_takes_ends_them_behind_those_before_it(
    message: Message, good: list[object], wrong: object, why: str, begun: bool
) -> None:
    taken: list[object] = []
    async with Bus(reactors=[partial(Taking, taken)]) as bus:
        talk = bus.open(LOCAL / "taking", message)
        for item in good:
            await talk.send(item)
        while begun and taken != good:  # else the handler finds all of them there  # noqa: ASYNC110
            await asyncio.sleep(0)
        await talk.send(wrong)
        with pytest.raises(RemoteError, match=why) as failed:
            await talk.result()
        assert failed.value.code == "MessageTypeError"
        assert taken == good
        items = bus.ledger().items["taking"]
        assert (items.delivered, items.pending, items.balanced) == (len(good), 0, True)


async def test_a_handler_that_does_not_say_what_it_takes_gets_what_was_sent() -> None:
    taken: list[object] = []
    async with Bus(reactors=[partial(Taking, taken)]) as bus, bus.open(LOCAL / "taking", Anything()) as talk:
        for item in (1, "a", Part(2), None):
            await talk.send(item)
        assert await talk.result() == 4
    assert taken == [1, "a", Part(2), None]
