"""The bus: sends with no time left, no room yet, or no room at all."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from math import inf, isnan, nan
from typing import Any

import pytest
from blocks_on_a_bus import Block, Blocks, GetBlock, Nap, Plain
from virtual_time import in_virtual_time

from peerbus.actors import (
    LOCAL,
    Actor,
    Bus,
    DeadLetter,
    DeadlineExceeded,
    MailboxFull,
    Overflow,
)


async def test_a_full_mailbox_lets_the_sender_wait_until_the_channels_deadline() -> None:
    async with Bus(reactors=[Blocks]) as bus:
        loop = asyncio.get_running_loop()
        await bus.tell(LOCAL / Blocks, Nap(10))
        await asyncio.sleep(0)
        for i in range(2):
            await bus.tell(LOCAL / Blocks, GetBlock(i))
        before = loop.time()
        for send, timeout, seconds in ((bus.tell, None, 3), (bus.ask, 1.0, 1)):
            with pytest.raises(DeadlineExceeded) as caught:
                await send(LOCAL / Blocks, GetBlock(9), timeout=timeout)
            assert caught.value.phase == "mailbox"
            assert loop.time() - before == pytest.approx(seconds, abs=0.02)
            before = loop.time()
        assert bus.statistics().actors["blocks"].failed == {"deadline_mailbox": 2}
        assert await bus.ask(LOCAL / Blocks, GetBlock(7), timeout=60) == Block(7, b"x")


class Ledger(Actor):
    """Keeps what it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[object] = []

    def on_receive(self, message: object) -> object:
        self.got.append(message)
        return message


class ThreadLedger(Ledger):
    dispatcher = "thread"


@pytest.mark.parametrize("made", [Ledger, ThreadLedger])
@pytest.mark.parametrize("timeout", [-1.0, -inf, nan])
async def test_what_has_no_time_left_when_it_is_sent_is_not_delivered(made: type[Ledger], timeout: float) -> None:
    async with Bus() as bus:
        ref = bus.spawn(made, name="ledger")
        await bus.started(ref)
        expected = pytest.raises(ValueError, match="timeout is nan") if isnan(timeout) else late()
        for to in (ref, LOCAL / "ledger"):
            with expected:
                await bus.tell(to, "told", timeout=timeout)
            with expected:
                await bus.ask(to, "asked", timeout=timeout)
        if not isnan(timeout):
            with late():
                await bus.ask(ref, "asked", timeout=0)
        await bus.tell(ref, "told", timeout=0)  # now or not at all: there is room
        assert await bus.ask(ref, "last") == "last"
        actor = ref._cell.actor
        assert isinstance(actor, Ledger)
        assert actor.got == ["told", "last"]
        account = bus.ledger().local["-"]
        assert account.balanced
        assert account.failed == ({} if isnan(timeout) else {"deadline_mailbox": 5})


def late() -> AbstractContextManager[object]:
    return pytest.raises(DeadlineExceeded, match="no time was left")


class Small(Actor):
    """Has room for one message."""

    mailbox_limit = 1

    def on_receive(self, message: Any) -> Any:
        return message


@pytest.mark.parametrize("count", [2, 40])
async def test_sends_that_found_no_room_and_are_awaited_when_there_is_some_arrive(count: int) -> None:
    async with Bus() as bus:
        ref = bus.spawn(Small)
        sends = [bus.ask(ref, number) for number in range(count)]
        assert await sends[0] == 0  # now there is room, and nobody waits yet
        assert await asyncio.gather(*sends[1:]) == list(range(1, count))
        tells = [bus.tell(ref, number) for number in range(count)]
        assert await bus.ask(ref, "all handled") == "all handled"
        await asyncio.gather(*tells)
        assert await bus.ask(ref, "a stranger") == "a stranger"
        statistics = bus.statistics().actors[str(ref._cell.name)]
        assert (statistics.waiting, statistics.failed) == (0, {})


@in_virtual_time
async def test_a_send_that_is_awaited_when_its_time_is_over_is_not_made() -> None:
    async with Bus() as bus:
        handled: list[object] = []

        class Notes(Small):
            def on_receive(self, message: Any) -> Any:
                handled.append(message)
                return message

        ref = bus.spawn(Notes)
        bus.tell(ref, 1)
        told, asked = bus.tell(ref, 2, timeout=1.0), bus.ask(ref, 3, timeout=1.0)
        await asyncio.sleep(1.0)  # of virtual time
        assert handled == [1]
        for late in (told, asked):
            with pytest.raises(DeadlineExceeded) as caught:
                await late
            assert caught.value.phase == "mailbox"
        assert await bus.ask(ref, 4) == 4
        assert handled == [1, 4]


async def test_an_awaited_outcome_can_be_awaited_again() -> None:
    async with Bus(reactors=[Blocks]) as bus:
        await bus.tell(LOCAL / Blocks, Nap(1))
        await asyncio.sleep(0)
        outcomes = [bus.tell(LOCAL / Blocks, GetBlock(i)) for i in range(3)]
        for outcome in (*outcomes, *outcomes):
            await outcome
        assert (await bus.ask(LOCAL / Blocks, GetBlock(5))) == Block(5, b"x")
        blocks: Any = bus.cell("blocks")
        assert [request.height for request in blocks.actor.got] == [0, 1, 2, 5]


@pytest.mark.parametrize("overflow", [Overflow.REJECT, Overflow.DROP_OLDEST, Overflow.DROP_NEWEST, Overflow.LATEST])
async def test_an_ask_that_a_policy_refuses_or_drops_ends_with_mailbox_full(overflow: Overflow) -> None:
    class Tiny(Plain):
        mailbox_limit = 1

    Tiny.overflow = overflow
    async with Bus() as bus, bus.subscribe(DeadLetter) as letters:
        tiny = bus.spawn(Tiny)
        napping = bus.ask(tiny, 1.0)
        await asyncio.sleep(0.1)
        asks = [bus.ask(tiny, i) for i in (1, 2)]
        lost = 0 if overflow in (Overflow.DROP_OLDEST, Overflow.LATEST) else 1
        with pytest.raises(MailboxFull):
            await asks[lost]
        assert await asks[1 - lost] == 2 - lost
        assert await napping == 1.0
        assert (await letters.get()).message == lost + 1
