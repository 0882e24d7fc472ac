"""A conversation: what its block does at its end, and how long a sender waits for room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from virtual_time import in_virtual_time

from peerbus.actors import (
    LOCAL,
    Bus,
    Channel,
    DeadlineExceeded,
    Deadlock,
    Message,
    Reactor,
    RemoteError,
    Request,
    handles,
)


class Put(Message, Request[int]):
    waits: float = 0.0


class Store(Reactor):
    channel = Channel("store", messages=(Put,))

    def __init__(self) -> None:
        super().__init__()
        self.got: list[int] = []

    @handles(Put)
    async def put(self, put: Put, numbers: AsyncIterator[int]) -> int:
        await asyncio.sleep(put.waits)
        async for number in numbers:
            self.got.append(number)
        return len(self.got)


@in_virtual_time
async def test_leaving_the_block_waits_for_the_answer_and_an_error_in_it_cancels_the_handler() -> None:
    stores: list[Store] = []

    def make() -> Store:
        stores.append(Store())
        return stores[-1]

    async with Bus(reactors=[make]) as bus:
        async with bus.open(LOCAL / Store, Put(1.0)) as to:
            await to.send(1)
        assert stores[0].got == [1]
        with pytest.raises(KeyError):
            await broken(bus)
        await asyncio.sleep(2)
        assert stores[0].got == [1]
        assert bus.ledger().balanced


async def broken(bus: Bus) -> None:
    async with bus.open(LOCAL / Store, Put(1.0)) as to:
        await to.send(2)
        raise KeyError("mine")


@in_virtual_time
async def test_a_sender_waits_for_room_no_longer_than_an_item_may_take() -> None:
    async with Bus(reactors=[Store]) as bus:
        to = bus.open(LOCAL / Store, Put(100.0), idle=2.0)
        with pytest.raises(DeadlineExceeded) as late:
            await send_many(to)
        assert late.value.phase == "credit"
        await to.aclose()


async def send_many(to: object) -> None:
    for number in range(1_000):
        await to.send(number)  # type: ignore[attr-defined]  # an OpenStream


class Begin(Message, Request[int]):
    pass


class Caller(Reactor):
    """Sends items to a reactor that asks it meanwhile: neither takes a message."""

    channel = Channel("caller", messages=(Begin, Put))

    @handles(Begin)
    async def begin(self, _: Begin) -> int:
        async with self.open_stream(LOCAL / "asker", Put()) as to:
            await send_many(to)
            return await to.result()

    @handles(Put)
    def put(self, _: Put) -> int:
        return 1


class Asker(Reactor):
    channel = Channel("asker", messages=(Put,))

    @handles(Put)
    async def put(self, _: Put, numbers: AsyncIterator[int]) -> int:
        await self.ask(LOCAL / "caller", Put())
        return len([number async for number in numbers])


@in_virtual_time
async def test_a_circle_of_a_sender_and_a_reader_that_asks_it_is_found() -> None:
    async with Bus(reactors=[Caller, Asker]) as bus:
        began = asyncio.get_running_loop().time()
        with pytest.raises(RemoteError, match=f"{Deadlock.__name__}|wait for each other"):
            await bus.ask(LOCAL / "caller", Begin())
        assert asyncio.get_running_loop().time() - began < 1.0
