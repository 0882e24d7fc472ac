"""An ask on its way: what may be said of it, and whom it reaches."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

import pytest

from peerbus.actors import (
    LOCAL,
    Actor,
    Bus,
    Capability,
    Channel,
    Peer,
    QuorumFailed,
    Reactor,
    Role,
    Share,
    WouldDeadlock,
    handles,
)
from peerbus.testing import PeerProbe


@dataclass(frozen=True)
class Get:
    height: int


@dataclass(frozen=True)
class Append:
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Get, Append), idempotent=(Get,))

    @handles(Get)
    def get(self, get: Get) -> str:
        return f"own {get.height}"

    @handles(Append)
    def append(self, append: Append) -> None: ...


ARCHIVE = Role("archive") / Blocks


async def test_only_an_idempotent_ask_of_a_role_can_be_hedged() -> None:
    async with Bus() as bus:
        for to, message in ((ARCHIVE, Append(1)), (LOCAL / Blocks, Get(1)), (Peer("0" * 64) / Blocks, Get(1))):
            with pytest.raises(ValueError, match="hedged"):
                bus.ask(to, message, hedge=0.1)
        bus.declare(Blocks.channel)
        with pytest.raises(ValueError, match=r"idempotent=\(Append,\)"):
            bus.ask(ARCHIVE, Append(1), hedge=0.1)
        with pytest.raises(ValueError, match="at least 0 seconds"):
            bus.ask(ARCHIVE, Get(1), hedge=-1)
        with pytest.raises(ValueError, match="several receivers"):
            bus.ask(ARCHIVE, Get(1), quorum=2)  # type: ignore[call-overload]  # the mistake


async def test_a_timeout_and_a_quorum_that_are_no_number_are_refused() -> None:
    async with Bus() as bus:
        bus.spawn(Blocks)
        for to in (LOCAL / Blocks, ARCHIVE):
            with pytest.raises(ValueError, match="the timeout is nan; write seconds"):
                bus.ask(to, Get(1), wait_for_peer=to is ARCHIVE, timeout=math.nan)
        with pytest.raises(ValueError, match="quorum is nan, it must be at least 1"):
            bus.ask(Role("archive", "all") / Blocks, Get(1), quorum=math.nan)  # type: ignore[call-overload]  # no number


def test_plain_code_has_the_same_choices() -> None:
    bus = Bus().start()
    try:
        waiting = bus.ask(ARCHIVE, Get(1), reply=str, wait_for_peer=True, timeout=20)
        group = bus.ask(Role("archive", "all") / Blocks, Get(2), quorum=1, wait_for_peer=True, timeout=20)
        bus.spawn(Blocks)
        bus.call(lambda: bus.offer([Capability("archive")]))
        assert waiting.get(timeout=10) == "own 1"
        assert group.get(timeout=10).answers == {"local": "own 2"}
        with pytest.raises(QuorumFailed):
            bus.ask(Role("archive", "all") / Blocks, Get(2), quorum=2).get(timeout=10)
        with pytest.raises(ValueError, match="hedged"):
            bus.ask(ARCHIVE, Append(1), hedge=0.1)
        assert bus.ask(ARCHIVE, Get(3), hedge=0.1).get(timeout=10) == "own 3"
    finally:
        bus.stop()


async def test_a_quorum_counts_those_that_are_asked_and_one_that_cannot_be_reached_asks_nobody() -> None:
    everywhere = Role("archive", "all") / Blocks
    async with Bus(reactors=[Blocks]) as bus, PeerProbe(bus, reactors=[Blocks], roles={"archive"}) as peer:
        bus.offer([Capability("archive")])
        peer.answer(Get, "theirs")
        found = await bus.ask(everywhere, Get(1), quorum=Share(1.0))
        assert sorted(map(str, found.answers.values())) == ["own 1", "theirs"]
        with pytest.raises(QuorumFailed, match=r"2 answer to .*, a quorum is 3: nobody was asked"):
            await bus.ask(everywhere, Get(2), quorum=3)
        assert [one.message for one in peer.received] == [Get(1)]
        assert bus.statistics().dead_letters == {"no_quorum": 1}


async def test_an_ask_of_another_bus_on_this_loop_has_no_sender_there() -> None:
    class Who(Actor):
        @handles(str)
        def who(self, _: str, sender: object) -> object:
            return sender

    class Asker(Actor):
        async def on_receive(self, message: object) -> object:
            return await self.ask(message, "who")  # type: ignore[call-overload]  # a ref or an address

    async with Bus("here") as bus, Bus("there") as other:
        asker = bus.spawn(Asker, name="asker")
        assert await bus.ask(asker, bus.spawn(Who)) == LOCAL / "asker"
        assert await bus.ask(asker, other.spawn(Who)) is None


def test_an_ask_of_an_actor_on_another_buss_loop_is_answered_from_there() -> None:
    class Thread(Actor):
        def on_receive(self, message: object) -> object:
            return message

    with Bus("there") as other:
        ref = other.spawn(Thread)

        async def ask() -> object:
            async with Bus("here") as bus:
                return await bus.ask(ref, "across")

        assert asyncio.run(ask()) == "across"


def test_an_actor_on_a_thread_that_asks_itself_is_told_at_once() -> None:
    class Selfish(Actor):
        dispatcher = "thread"

        def on_receive(self, message: object) -> object:
            to = self.actor_ref if message == "ref" else self.address
            error = self.ask(to, "again").exception()  # type: ignore[attr-defined]  # a failed outcome's
            return type(error)

    with Bus() as bus:
        ref = bus.spawn(Selfish)
        for way in ("ref", "address"):
            assert bus.ask(ref, way).get(timeout=10) is WouldDeadlock


async def test_a_peer_is_asked_as_long_as_there_is_time() -> None:
    async with Bus() as bus, PeerProbe(bus, reactors=[Blocks]) as peer:
        peer.answer(Get, "theirs")
        assert await bus.ask(Peer(peer.id) / Blocks, Get(1)) == "theirs"
        with pytest.raises(TimeoutError):
            await bus.ask(Peer(peer.id) / Blocks, Get(2), timeout=0)
        assert [one.message for one in peer.received] == [Get(1)]
