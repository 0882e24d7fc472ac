"""A probe stands in for an actor: it takes what that would take, and sends as it would."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from cached_blocks import Block, Blocks, Cache, Get, GetBlock

from peerbus.actors import (
    LOCAL,
    Bus,
    DeadlineExceeded,
    MessageTypeError,
    PeerbusError,
    Terminated,
)
from peerbus.testing.kit.probe import Probe


@pytest_asyncio.fixture
async def bus() -> AsyncIterator[Bus]:
    async with Bus(reactors=[Cache]) as running:
        yield running


async def test_one_actor_in_four_lines(bus: Bus) -> None:
    with Probe(bus, Blocks) as blocks:
        bus.tell(LOCAL / "cache", Get(7))
        assert await blocks.expect(GetBlock) == GetBlock(7)


async def test_an_unanswered_ask_ends_at_its_deadline(bus: Bus) -> None:
    with Probe(bus, Blocks) as blocks:
        with pytest.raises(DeadlineExceeded):
            await bus.ask(LOCAL / "blocks", GetBlock(1), timeout=0.02)
        await blocks.expect(GetBlock)
        with pytest.raises(PeerbusError, match="waits no longer"):
            blocks.reply(Block(1))


async def test_a_stalled_probe_lets_its_mailbox_fill_and_goes_on_when_it_resumes(bus: Bus) -> None:
    with Probe(bus, Blocks) as blocks:
        blocks.stall()
        for height in range(3):  # one in hand, two in the mailbox
            await bus.tell(LOCAL / "blocks", Block(height), timeout=0.02)
            await blocks.expect_nothing()
        with pytest.raises(DeadlineExceeded):
            await bus.tell(LOCAL / "blocks", Block(3), timeout=0.02)
        assert blocks.stalled
        blocks.resume()
        assert [(await blocks.expect(Block)).height for _ in range(3)] == [0, 1, 2]


async def test_a_stalled_probe_keeps_an_ask_open(bus: Bus) -> None:
    with Probe(bus, Blocks) as blocks:
        blocks.stall()
        asked = bus.ask(LOCAL / "blocks", GetBlock(1))
        await blocks.expect_nothing()
        blocks.resume()
        await blocks.expect(GetBlock)
        blocks.reply(Block(1))
        assert await asked == Block(1)


async def test_it_takes_the_declared_messages_of_what_it_stands_in_for(bus: Bus) -> None:
    with Probe(bus, Blocks.channel) as blocks, pytest.raises(MessageTypeError):
        await bus.tell(blocks.address, Get(1))
    with pytest.raises(TypeError, match="stands in for"):
        Probe(bus, 7)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="cache"):
        Probe(bus, "cache")  # the real one runs there


async def test_it_sends_and_watches_as_an_actor(bus: Bus) -> None:
    with Probe(bus, "blocks") as blocks, Probe(blocks) as other:
        await blocks.tell(other.address, "hello")
        await other.expect(str)
        assert other.last.sender == blocks.address
        asked = blocks.ask(other.ref, "well?")
        await other.expect(str)
        other.reply("well.")
        assert await asked == "well."
        blocks.watch(LOCAL / "cache")
        bus.cell("cache").request_stop()  # type: ignore[union-attr]
        assert (await blocks.expect(Terminated)).address == LOCAL / "cache"
        other.watch(blocks.ref)
        blocks.stop()
        assert (await other.expect(Terminated)).address == blocks.address
        assert repr(blocks) == "<Probe the probe bus://local/blocks, 1 received>"
