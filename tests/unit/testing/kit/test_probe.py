"""A probe stands in for an actor: what it records, expects and answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from peerbus.actors import (
    LOCAL,
    ActorStopped,
    Bus,
    Channel,
    DeadlineExceeded,
    MessageTypeError,
    PeerbusError,
    Reactor,
    RemoteError,
    Terminated,
    handles,
)
from peerbus.testing.kit.probe import Probe


@dataclass(frozen=True)
class Get:
    height: int


@dataclass(frozen=True)
class GetBlock:
    height: int


@dataclass(frozen=True)
class Block:
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(GetBlock, Block), mailbox=2)


class Cache(Reactor):
    channel = Channel("cache", messages=(Get, Block))

    @handles(Get)
    async def get(self, wanted: Get) -> object:
        return await self.ask(LOCAL / "blocks", GetBlock(wanted.height), timeout=1)


@pytest_asyncio.fixture
async def bus() -> AsyncIterator[Bus]:
    async with Bus(reactors=[Cache]) as running:
        yield running


async def test_one_actor_in_four_lines(bus: Bus) -> None:
    with Probe(bus, Blocks) as blocks:
        bus.tell(LOCAL / "cache", Get(7))
        assert await blocks.expect(GetBlock) == GetBlock(7)


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


async def test_an_unanswered_ask_ends_at_its_deadline(bus: Bus) -> None:
    with Probe(bus, Blocks) as blocks:
        with pytest.raises(DeadlineExceeded):
            await bus.ask(LOCAL / "blocks", GetBlock(1), timeout=0.02)
        await blocks.expect(GetBlock)
        with pytest.raises(PeerbusError, match="waits no longer"):
            blocks.reply(Block(1))


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
