"""A stand-in records what it gets, expects it in order, and answers: here a probe, which stands on a bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from cached_blocks import Block, Blocks, Cache, Get, GetBlock

from peerbus.actors import (
    LOCAL,
    ActorStopped,
    Bus,
    PeerbusError,
    RemoteError,
)
from peerbus.testing.kit.probe import Probe


@pytest_asyncio.fixture
async def bus() -> AsyncIterator[Bus]:
    async with Bus(reactors=[Cache]) as running:
        yield running


async def test_it_records_message_sender_and_whether_an_answer_is_wanted(bus: Bus) -> None:
    with Probe(bus, "blocks") as blocks:
        bus.tell(LOCAL / "cache", Get(1))
        await bus.tell(LOCAL / "blocks", "from outside")
        await blocks.expect(str)
        await blocks.expect(GetBlock)
    told, asked = blocks.received
    assert (told.message, told.sender, told.asked) == ("from outside", None, False)
    assert (asked.message, asked.sender, asked.asked) == (GetBlock(1), LOCAL / "cache", True)
    assert asked.reactor == "blocks"
    assert blocks.messages == ["from outside", GetBlock(1)]
    assert blocks.last == asked


async def test_it_answers_when_the_test_says_so(bus: Bus) -> None:
    with Probe(bus, Blocks) as blocks:
        first, second = bus.ask(LOCAL / "blocks", GetBlock(1)), bus.ask(LOCAL / "blocks", GetBlock(2))
        await blocks.expect(GetBlock)
        await blocks.expect(GetBlock)
        blocks.reply(Block(2))
        assert await second == Block(2)
        blocks.close()
        with pytest.raises(ActorStopped):
            await first


async def test_it_fails_an_ask_as_a_handler_that_raises(bus: Bus) -> None:
    with Probe(bus, Blocks) as blocks:
        asked = bus.ask(LOCAL / "cache", Get(7))
        await blocks.expect(GetBlock)
        blocks.fail(RemoteError("not_found", "no block 7"))
        with pytest.raises(RemoteError, match="not_found: no block 7"):
            await asked


async def test_prepared_answers_are_given_at_once_and_recorded(bus: Bus) -> None:
    with Probe(bus, Blocks) as blocks:
        blocks.answer(GetBlock, lambda wanted: Block(wanted.height))
        assert await bus.ask(LOCAL / "cache", Get(7)) == Block(7)
        blocks.answer(GetBlock, RemoteError("gone"))
        with pytest.raises(RemoteError, match="gone"):
            await bus.ask(LOCAL / "cache", Get(8))
        blocks.answer(GetBlock, Block(9))
        assert await bus.ask(LOCAL / "cache", Get(8)) == Block(9)
        assert blocks.messages == [GetBlock(7), GetBlock(8), GetBlock(8)]
        assert await blocks.expect(GetBlock) == GetBlock(7)


async def test_a_tell_takes_no_answer_and_an_ask_only_one(bus: Bus) -> None:
    with Probe(bus, Blocks) as blocks:
        with pytest.raises(PeerbusError, match="no open ask"):
            blocks.reply()
        with pytest.raises(PeerbusError, match="nothing was expected"):
            blocks.last
        await bus.tell(LOCAL / "blocks", Block(1))
        await blocks.expect(Block)
        with pytest.raises(PeerbusError, match="no open ask"):
            blocks.reply()
        asked = bus.ask(LOCAL / "blocks", GetBlock(1))
        await blocks.expect(GetBlock)
        blocks.reply(Block(1))
        await asked
        with pytest.raises(PeerbusError, match="no open ask"):
            blocks.fail(ValueError())


async def test_another_message_than_expected_is_named_and_stays(bus: Bus) -> None:
    with Probe(bus, Blocks) as blocks:
        await bus.tell(LOCAL / "blocks", Block(1))
        with pytest.raises(AssertionError, match=r"expected a GetBlock and got Block\(height=1\)"):
            await blocks.expect(GetBlock)
        assert await blocks.expect(Block) == Block(1)
        with pytest.raises(AssertionError, match=r"within 0.01 s and got nothing; the last of 1 it got: Block"):
            await blocks.expect(Block, within=0.01)


async def test_nothing_is_expected_until_the_bus_is_at_rest(bus: Bus) -> None:
    with Probe(bus, Blocks) as blocks:
        await blocks.expect_nothing()
        bus.tell(LOCAL / "cache", Get(7))  # the cache has not even begun
        with pytest.raises(AssertionError, match="expected nothing and got GetBlock"):
            await blocks.expect_nothing()
        await blocks.expect(GetBlock)
        await blocks.expect_nothing(for_=0.01)
        asyncio.get_running_loop().call_later(0.005, lambda: bus.tell(LOCAL / "blocks", Block(1)))
        with pytest.raises(AssertionError, match="expected nothing"):
            await blocks.expect_nothing(for_=5)


async def test_ignored_types_are_recorded_and_not_expected(bus: Bus) -> None:
    with Probe(bus, Blocks) as blocks:
        blocks.ignore(Block)
        await bus.tell(LOCAL / "blocks", Block(1))
        await blocks.expect_nothing()
        assert blocks.messages == [Block(1)]


async def test_dead_letters_are_expected_by_type_and_reason(bus: Bus) -> None:
    with Probe(bus) as probe:
        bus.tell(LOCAL / "nobody", Block(1))
        bus.tell(LOCAL / "nobody", GetBlock(2))
        letter = await probe.expect_dead_letter(GetBlock, reason="no_such_reactor")
        assert (letter.message, letter.to) == (GetBlock(2), "bus://local/nobody")
        assert (await probe.expect_dead_letter()).message == Block(1)
        bus.tell(LOCAL / "nobody", Block(3))
        with pytest.raises(AssertionError, match=r"others: Block \(no_such_reactor\)"):
            await probe.expect_dead_letter(GetBlock, within=0.01)
