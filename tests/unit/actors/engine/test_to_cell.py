"""Many messages to one actor of this process, from its loop and from other threads."""

from __future__ import annotations

import asyncio

import pytest

from peerbus.actors import Actor, Bus, MailboxFull, MessageTypeError, Overflow, Ref
from peerbus.actors.engine.to_cell import many_to_cell, refuse_here, within
from peerbus.actors.sends.supply import CHUNK


class Counts(Actor):
    mailbox_limit = 3 * CHUNK

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []

    def on_receive(self, message: object) -> object:
        self.heard.append(message)
        return list(self.heard)


class Rejects(Counts):
    mailbox_limit = 2
    overflow = Overflow.REJECT


async def test_all_are_delivered_in_their_order_wherever_they_come_from() -> None:
    async with Bus() as bus:
        ref: Ref[Counts] = bus.spawn(Counts)
        first, second = range(2 * CHUNK), range(100, 100 + 2 * CHUNK)
        assert await many_to_cell(ref._cell, first, None, None) == len(first)
        await bus.ask(ref, "between")
        assert await asyncio.to_thread(lambda: many_to_cell(ref._cell, second, None, None).get()) == len(second)
        heard = await bus.ask(ref, "end")
        assert heard == [*first, "between", *second, "end"]


async def test_what_is_not_accepted_says_how_many_were() -> None:
    async with Bus() as bus:
        ref: Ref[Rejects] = bus.spawn(Rejects)
        with pytest.raises(MailboxFull) as caught:
            await many_to_cell(ref._cell, range(5), None, None)
        assert caught.value.accepted == 2
        assert ref.statistics().account.balanced


async def test_a_message_that_is_refused_here_is_counted_and_perhaps_a_dead_letter() -> None:
    async with Bus() as bus:
        ref: Ref[Counts] = bus.spawn(Counts)
        refuse_here(ref._cell, "one", None, MessageTypeError("no"), letter=False)
        refuse_here(ref._cell, "two", None, MessageTypeError("no"), letter=True)
        assert sum(ref.statistics().failed.values()) == 2
        assert sum(bus.dead_letters.counts.values()) == 1


async def test_a_deadline_is_of_the_callers_own_clock() -> None:
    async with Bus() as bus:
        here = within(bus, 5.0, None)
        elsewhere = await asyncio.to_thread(within, bus, 5.0, 1.0)
        assert here.open
        assert elsewhere.open
