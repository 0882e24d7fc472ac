"""A probe stands in for a whole peer, without a connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from peerbus.actors import (
    EVERYONE,
    Bus,
    Channel,
    DeadlineExceeded,
    MessageTypeError,
    NoRoute,
    NoSuchReactor,
    Peer,
    PeerbusError,
    PeerGone,
    Reactor,
    RemoteError,
    Role,
    SendError,
    Terminated,
    handles,
)
from peerbus.actors.actor import Actor
from peerbus.actors.messages.address import Address
from peerbus.testing.kit.peer_probe import PeerProbe
from peerbus.testing.kit.probe import Probe


@dataclass(frozen=True)
class Get:
    height: int


@dataclass(frozen=True)
class Block:
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Get, Block))


class Greeter(Reactor):
    channel = Channel("greeter", messages=(Get, Block), mailbox=1)

    @handles(Get)
    def greet(self, wanted: Get, sender: Address[object] | None) -> str:
        return f"{wanted.height} for {sender}"

    @handles(Block)
    def take(self, block: Block) -> None: ...


@pytest_asyncio.fixture
async def bus() -> AsyncIterator[Bus]:
    async with Bus() as running:
        yield running


async def test_it_answers_in_items_here_and_for_a_whole_peer(bus: Bus) -> None:
    cache = Probe(bus, "cache")
    async with PeerProbe(bus, reactors=[Blocks], roles={"archive"}) as peer:
        for probe, to in ((peer, Role("archive") / Blocks), (cache, cache.address)):
            probe.answer_stream(Get, lambda wanted: [Block(height) for height in range(wanted.height)])
            assert [item async for item in bus.stream(to, Get(3))] == [Block(0), Block(1), Block(2)]
            probe.answer_stream(Get, [Block(7)], error=RemoteError("pruned"))
            stream = bus.stream(to, Get(3))
            assert await anext(stream) == Block(7)
            with pytest.raises(RemoteError, match="pruned"):
                await anext(stream)
            assert probe.messages == [Get(3), Get(3)]
            gate = asyncio.Event()

            async def late(wanted: Get, gate: asyncio.Event = gate) -> AsyncIterator[Block]:
                yield Block(wanted.height)
                await gate.wait()
                yield Block(wanted.height + 1)

            probe.answer_stream(Get, late)
            with pytest.raises(DeadlineExceeded):
                _ = [item async for item in bus.stream(to, Get(3), idle=0.05)]
            gate.set()
            assert [item async for item in bus.stream(to, Get(3))] == [Block(3), Block(4)]


async def test_it_is_reached_by_its_id_its_role_and_as_one_of_everyone(bus: Bus) -> None:
    async with PeerProbe(bus, reactors=[Blocks], roles={"archive"}) as peer:
        peer.answer(Get, lambda wanted: Block(wanted.height))
        assert await bus.ask(Peer(peer.id) / "blocks", Get(1)) == Block(1)
        assert await bus.ask(Role("archive") / Blocks, Get(2)) == Block(2)
        assert (await bus.ask(EVERYONE / "blocks", Get(3))).answers == {peer.id: Block(3)}
        assert peer.messages == [Get(1), Get(2), Get(3)]
        assert [await peer.expect(Get) for _ in range(3)] == [Get(1), Get(2), Get(3)]
        await peer.expect_nothing()
    with pytest.raises(NoRoute):
        await bus.tell(Peer(peer.id) / "blocks", Get(1))


async def test_it_answers_fails_and_says_who_asked(bus: Bus) -> None:
    async with PeerProbe(bus, reactors=[Blocks]) as peer:
        with Probe(bus, "cache") as cache:
            asked = cache.ask(Peer(peer.id) / "blocks", Get(1))
            await peer.expect(Get)
            assert (peer.last.sender, peer.last.reactor, peer.last.asked) == (cache.address, "blocks", True)
            peer.reply(Block(1))
            assert await asked == Block(1)
            asked = cache.ask(Peer(peer.id) / "blocks", Get(2))
            await peer.expect(Get)
            peer.fail(RemoteError("not_found"))
            with pytest.raises(RemoteError, match="not_found"):
                await asked
        peer.answer(Get, ValueError("broken"))
        with pytest.raises(RemoteError, match="ValueError: broken"):
            await bus.ask(Peer(peer.id) / "blocks", Get(3))


async def test_what_would_not_survive_the_wire_fails_here_too(bus: Bus) -> None:
    async with PeerProbe(bus, reactors=[Blocks, "unheard-of"]) as peer:
        with pytest.raises(MessageTypeError):
            await bus.tell(Peer(peer.id) / "blocks", Get("high"))  # type: ignore[arg-type]
        with pytest.raises(MessageTypeError):
            await bus.ask(Peer(peer.id) / "blocks", "no message")
        with pytest.raises(NoRoute, match="does not know the channel"):
            await bus.tell(Peer(peer.id) / "unheard-of", Get(1))
        with pytest.raises(NoSuchReactor):
            await bus.tell(Peer(peer.id) / "other", Get(1))
        asked = bus.ask(Peer(peer.id) / "blocks", Get(1))
        await peer.expect(Get)
        with pytest.raises(MessageTypeError):
            peer.reply(object())
        peer.reply({"height": 1})
        assert await asked == {"height": 1}
        assert (await peer.expect_dead_letter(Get, reason="no_such_reactor")).message == Get(1)


async def test_without_credit_sends_wait_and_end_at_their_deadline(bus: Bus) -> None:
    async with PeerProbe(bus, reactors=[Blocks]) as peer:
        to = Peer(peer.id) / "blocks"
        peer.stall()
        with pytest.raises(DeadlineExceeded) as caught:
            await bus.tell(to, Get(1), timeout=0.02)
        assert caught.value.phase == "credit"
        with pytest.raises(DeadlineExceeded):
            await bus.ask(to, Get(2), timeout=0.02)
        with Probe(bus) as probe:
            bus.tell(to, Get(3))  # not awaited: it does not wait
            await probe.expect_dead_letter(Get, reason="mailbox_full")
        bus.loop.call_soon(peer.resume)
        peer.answer(Get, Block(4))
        assert await bus.ask(to, Get(4)) == Block(4)
        assert not peer.stalled
        assert peer.messages == [Get(4)]


async def test_a_send_that_is_awaited_when_there_is_credit_again_arrives(bus: Bus) -> None:
    async with PeerProbe(bus, reactors=[Blocks]) as peer:
        to = Peer(peer.id) / "blocks"
        peer.stall()
        late = bus.tell(to, Get(1))
        peer.resume()
        await late
        assert peer.messages == [Get(1)]
        peer.stall()
        too_late = bus.tell(to, Get(2))
        await peer.leave("unplugged")
        with pytest.raises(PeerGone, match="unplugged"):
            await too_late


async def test_when_it_leaves_everybody_who_waits_hears_of_it(bus: Bus) -> None:
    async with PeerProbe(bus, reactors=[Blocks]) as peer:
        to = Peer(peer.id) / "blocks"
        with Probe(bus, "cache") as cache:
            cache.watch(to)
            asked = cache.ask(to, Get(1))
            await peer.expect(Get)
            peer.stall()
            bus.loop.call_soon(lambda: bus.loop.create_task(peer.leave("unplugged")))
            with pytest.raises(PeerGone, match="unplugged"):
                await cache.tell(to, Get(2))
            with pytest.raises(PeerGone, match="unplugged"):
                await asked
            assert await cache.expect(Terminated) == Terminated(to, "unplugged")
            await peer.leave()
            await peer.join()
            peer.resume()
            await bus.tell(to, Get(3))


async def test_roles_and_reactors_come_and_go(bus: Bus) -> None:
    async with PeerProbe(bus, reactors=[Blocks], roles={"archive"}) as peer:
        await peer.offer("index")
        await bus.tell(Role("index") / "blocks", Get(1))
        with pytest.raises(NoRoute):
            await bus.tell(Role("archive") / "blocks", Get(1))
        with Probe(bus) as probe:
            probe.watch(Peer(peer.id) / "blocks")
            peer.stop_reactor("blocks")
            assert (await probe.expect(Terminated)).reason == "stopped"
            probe.watch(Peer(peer.id) / "blocks")
            assert (await probe.expect(Terminated)).reason == "no_such_reactor"


async def test_it_sends_as_a_peer(bus: Bus) -> None:
    bus.spawn(Greeter)
    async with PeerProbe(bus) as peer:
        assert await peer.ask("greeter", Get(7), sender="cache") == f"7 for bus://{peer.id}/cache"
        await peer.tell("greeter", Get(8))
        with pytest.raises(SendError, match="the mailbox is full"):
            peer.tell("greeter", Get(9))
        with pytest.raises(MessageTypeError):
            peer.tell("greeter", "hello")
        with pytest.raises(NoSuchReactor):
            peer.tell("nobody", Get(1))


async def test_a_class_without_a_channel_is_no_reactor(bus: Bus) -> None:
    with pytest.raises(PeerbusError, match="declares no channel"):
        PeerProbe(bus, reactors=[Actor])
