"""Keys move to other members while messages come: none of them is overtaken."""

from __future__ import annotations

import asyncio
from functools import partial
from random import Random
from typing import Any

import pytest
from pool_workers import Work, Worker, eventually, resized, view

from peerbus.actors import (
    LOCAL,
    Actor,
    Address,
    Bus,
    Key,
    Pool,
    handles,
)


def by_key(message: object) -> Any:
    return Key(message.key) if isinstance(message, Work) and message.key else "least"


@pytest.mark.parametrize("where", ["members", "threads"])
async def test_the_order_of_each_sender_and_key_holds_while_the_pool_grows_and_shrinks(where: str) -> None:
    """Also where handlers take their time, and what has a key waits in the mailbox of the member that had it before."""
    rng = Random(7)
    book: list[tuple[str, int]] = []
    pace = 0.0005

    class Sender(Actor):
        @handles(int)
        async def send(self, own: int) -> int:
            for n in range(120):
                await self.tell(LOCAL / Worker, Work(10_000 * own + n, str(rng.randrange(8))))
            return own

    async with Bus(reactors=[Pool(partial(Keyed, book, pace), pick=by_key, **{where: 3})]) as bus:  # type: ignore[arg-type]
        senders = [bus.ask(bus.spawn(Sender), own, timeout=60) for own in range(4)]
        sizes = [1, 5, 2, 8, 3, 1, 4]
        for size in sizes:
            await asyncio.sleep(0.01)
            await resized(bus, size)
        await asyncio.gather(*senders)
        await eventually(lambda: not view(bus).moving)
        assert view(bus).size == 4
        assert view(bus).held == 0
    assert len(book) == 480
    for own in range(4):
        for key in range(8):
            numbers = [n for k, n in book if n // 10_000 == own and k == str(key)]
            assert numbers == sorted(numbers)
    assert bus.ledger().balanced


class Keyed(Worker):
    """Notes the key in place of its own name."""

    @handles(Work)
    async def work(self, message: Work, sender: Address[object] | None) -> str:
        if self.pace:
            await asyncio.sleep(self.pace)
        self.book.append((message.key, message.number))
        return str(self)
